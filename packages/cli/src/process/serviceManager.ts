import { openUnixDatagrams } from './unixDatagrams.js';

const FIRST_REPORT = 0;
/** Milliseconds between two looks at what there is to report, and at least, whatever a watchdog wants. */
const INTERVAL = 2_000;
const SHORTEST_INTERVAL = 10;
const US_PER_MS = 1_000;
const NS_PER_US = 1_000n;

/** Sends a datagram; what cannot be sent is lost. */
type Send = (text: string) => unknown;

/**
 * Tells systemd about this process (sd_notify(3)): when it is ready, what it does, that it reads its configuration
 * again, that it ends, and, with `WatchdogSec=`, again and again that it lives. Without systemd, nothing.
 */
export class ServiceManager {
  readonly #send: Send;
  readonly #watchdog: boolean;
  readonly #interval: number;
  #timer: NodeJS.Timeout | undefined;
  #status = '';

  /** @param watchdog - milliseconds in which systemd wants to hear of it; null for never */
  constructor(send: Send, watchdog: number | null) {
    this.#send = send;
    this.#watchdog = watchdog !== null;
    const half = (watchdog ?? Number.POSITIVE_INFINITY) / 2;
    this.#interval = Math.max(SHORTEST_INTERVAL, Math.min(INTERVAL, half));
  }

  /** The service manager that started this process; null for none. */
  static async find(env: NodeJS.ProcessEnv = process.env): Promise<ServiceManager | null> {
    const { NOTIFY_SOCKET: path, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env;
    if (path === undefined) return null;
    // Programs that this one starts have nothing to tell.
    delete env['NOTIFY_SOCKET'];
    const datagrams = await openUnixDatagrams(path);
    if (datagrams === null) return null;
    const isOurs = pid === undefined || Number(pid) === process.pid;
    const watchdog = isOurs && Number(microseconds) > 0 ? Number(microseconds) / US_PER_MS : null;
    return new ServiceManager((text) => datagrams.send(text), watchdog);
  }

  /**
   * The daemon works.
   *
   * @param describe - what it does at present, in one line; called every few seconds
   */
  ready(describe: () => string): void {
    this.#send('READY=1');
    const report = (): void => {
      const status = describe();
      const lines = [
        ...(this.#watchdog ? ['WATCHDOG=1'] : []),
        ...(status === this.#status ? [] : [`STATUS=${status}`]),
      ];
      this.#status = status;
      if (lines.length > 0) this.#send(lines.join('\n'));
      this.#timer = setTimeout(report, this.#interval).unref();
    };
    this.#timer = setTimeout(report, FIRST_REPORT).unref();
  }

  /** It reads its configuration again. */
  reloading(): void {
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / NS_PER_US}`);
  }

  /** That is done. */
  reloaded(): void {
    this.#send('READY=1');
  }

  /** It ends. */
  stopping(): void {
    clearTimeout(this.#timer);
    this.#send('STOPPING=1');
  }
}

import { existsSync } from 'node:fs';
import { StartError } from '@6bed4/node';
import { FULL, openUnixDatagrams, type UnixDatagrams } from '../process/unixDatagrams.js';

/** Where syslog listens (syslog(3)). */
const DEVICE = '/dev/log';
/** The facility of system daemons, in the place that it has in a priority (RFC 3164 §4.1.1). */
const DAEMON = 3 << 3;
const INFO = 6;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Begins a line for journald and syslog, see `LogFormat`. */
const PRIORITY = /^<([0-7])>/;

/**
 * Writes lines to syslog, without ever waiting for it: what it does not take is lost, and that is told
 * when it takes lines again. It may start, or start anew, after this process.
 */
export class SyslogSink {
  readonly #socket: UnixDatagrams;
  readonly #tag: string;
  readonly #onLost: (lines: number, code: string | null) => void;
  #lost = 0;
  #told = 0;
  #failure: string | null = null;

  private constructor(
    socket: UnixDatagrams,
    tag: string,
    onLost: (lines: number, code: string | null) => void,
  ) {
    this.#socket = socket;
    this.#tag = tag;
    this.#onLost = onLost;
  }

  /**
   * @param name - of this program, in every line
   * @param onLost - is called when lines are taken again, with the number of those lost and the code of
   * the error; null when they only came faster than they were read
   * @throws StartError on systems other than Linux
   */
  static async open(
    name: string,
    onLost: (lines: number, code: string | null) => void,
    device = DEVICE,
  ): Promise<SyslogSink> {
    if (!existsSync(device)) {
      console.error(`${name}: nothing is logged until a syslog listens at ${device}`);
    }
    const socket = await openUnixDatagrams(device);
    if (socket === null) throw new StartError('ENOTSUP', 'logging to syslog needs Linux');
    return new SyslogSink(socket, `${name}[${process.pid}]`, onLost);
  }

  /** Lines that were never taken. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a line with its line feed; its priority may stand before it, as `<6>`. */
  write(line: string): void {
    const code = this.#send(line);
    if (code !== null) {
      this.#lost++;
      this.#failure = code === FULL ? null : code;
      return;
    }
    const lines = this.#lost - this.#told;
    if (lines === 0) return;
    const failure = this.#failure;
    this.#told = this.#lost;
    this.#onLost(lines, failure);
  }

  /** Ends; nothing waits. */
  close(): Promise<void> {
    this.#socket.close();
    return Promise.resolve();
  }

  #send(line: string): string | null {
    const severity = Number(PRIORITY.exec(line)?.[1] ?? INFO);
    const text = line.replace(PRIORITY, '').trimEnd();
    const message = `<${DAEMON | severity}>${timeOf(new Date())} ${this.#tag}: ${text}`;
    return this.#socket.send(message);
  }
}

/** The local time as in RFC 3164 §4.1.2, which all implementations of syslog read: `Nov  6 10:15:00`. */
function timeOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${time}`;
}

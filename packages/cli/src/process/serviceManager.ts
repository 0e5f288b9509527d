const FIRST_REPORT = 0;
/** Milliseconds between two looks at what there is to report. */
const INTERVAL = 2_000;
const US_PER_MS = 1_000;
const NS_PER_US = 1_000n;

// bits/socket.h and sys/un.h of Linux
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const LONGEST_PATH = 108;
const FAMILY_SIZE = 2;

/** Sends a datagram; what cannot be sent is lost. */
type Send = (text: string) => void;

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
    this.#interval = Math.min(INTERVAL, (watchdog ?? Number.POSITIVE_INFINITY) / 2);
  }

  /** The service manager that started this process; null for none. */
  static async find(env: NodeJS.ProcessEnv = process.env): Promise<ServiceManager | null> {
    const { NOTIFY_SOCKET: path, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env;
    if (path === undefined || process.platform !== 'linux') return null;
    // Programs that this one starts have nothing to tell.
    delete env['NOTIFY_SOCKET'];
    const send = await openDatagrams(path);
    if (send === null) return null;
    const isOurs = pid === undefined || Number(pid) === process.pid;
    const watchdog = isOurs && Number(microseconds) > 0 ? Number(microseconds) / US_PER_MS : null;
    return new ServiceManager(send, watchdog);
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

/**
 * Opens a socket for datagrams to another Unix domain socket, which Node.js has none for; null where that is not
 * possible.
 *
 * @param path - of a file, or with `@` in front the name of an abstract socket (unix(7))
 */
async function openDatagrams(path: string): Promise<Send | null> {
  const to = socketAddress(path);
  if (to === null) return null;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const socket = library.func('int socket(int domain, int type, int protocol)');
    const sendto = library.func(
      'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *to, unsigned int size)',
    );
    const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number;
    if (fd < 0) return null;
    return (text) => {
      const bytes = Buffer.from(text);
      sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length);
    };
  } catch {
    return null;
  }
}

/** struct sockaddr_un; null for other kinds of sockets. */
function socketAddress(path: string): Buffer | null {
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return null;
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > LONGEST_PATH) return null;
  const address = Buffer.alloc(FAMILY_SIZE + name.length);
  address.set(new Uint8Array(Uint16Array.of(AF_UNIX).buffer));
  name.copy(address, FAMILY_SIZE);
  return address;
}

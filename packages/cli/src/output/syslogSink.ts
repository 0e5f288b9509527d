import { existsSync } from 'node:fs';
import { StartError } from '@6bed4/node';

/** Where syslog listens (syslog(3)). */
const DEVICE = '/dev/log';
/** The facility of system daemons, in the place that it has in a priority (RFC 3164 §4.1.1). */
const DAEMON = 3 << 3;
const INFO = 6;

// socket(2), send(2)
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** The error of a syslog that reads too slowly. */
const FULL = 'EAGAIN';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Begins a line for journald and syslog, see `LogFormat`. */
const PRIORITY = /^<([0-7])>/;

/** How {@link SyslogSink} reaches the system. */
interface Socket {
  /** Sends without waiting; the code of the error, or null. */
  send(message: Uint8Array): string | null;
  close(): void;
}

/**
 * Writes lines to syslog, without ever waiting for it: what it does not take is lost, and that is told
 * when it takes lines again. It may start, or start anew, after this process.
 */
export class SyslogSink {
  readonly #socket: Socket;
  readonly #tag: string;
  readonly #onLost: (lines: number, code: string | null) => void;
  #lost = 0;
  #told = 0;
  #failure: string | null = null;

  private constructor(
    socket: Socket,
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
    return new SyslogSink(await openSocket(device), `${name}[${process.pid}]`, onLost);
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
    return this.#socket.send(Buffer.from(message));
  }
}

/** The local time as in RFC 3164 §4.1.2, which all implementations of syslog read: `Nov  6 10:15:00`. */
function timeOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${time}`;
}

/** Opens a socket of datagrams that are sent to a path: Node.js has none. @throws StartError */
async function openSocket(path: string): Promise<Socket> {
  if (process.platform !== 'linux') {
    throw new StartError('ENOTSUP', 'logging to syslog needs Linux');
  }
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const sendto = library.func(
    'long sendto(int fd, const void *message, size_t length, int flags, const void *to, unsigned int size)',
  );
  const close = library.func('int close(int fd)');
  const { errno: numbers } = koffi.os;
  const codes = new Map(Object.entries(numbers).map(([code, number]) => [number, code]));
  // Of the two names of that number, this one.
  codes.set(numbers['EAGAIN']!, FULL);
  const nameOfError = (): string => codes.get(koffi.errno()) ?? String(koffi.errno());
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    const code = nameOfError();
    throw new StartError(code, `opening a socket for syslog failed: ${code}`);
  }
  const address = addressOf(path);
  return {
    send(message) {
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const sent = sendto(fd, message, message.length, flags, address, address.length);
      return Number(sent) < 0 ? nameOfError() : null;
    },
    close: () => close(fd),
  };
}

/** struct sockaddr_un (unix(7)) */
function addressOf(path: string): Uint8Array {
  const family = Buffer.from(Uint16Array.of(AF_UNIX).buffer);
  return Buffer.concat([family, Buffer.from(`${path}\0`)]);
}

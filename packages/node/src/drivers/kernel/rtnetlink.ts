import {
  AF_NETLINK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_NETLINK,
} from './constants.js';
import type { Libc } from './libc.js';
import { int32Bytes, LITTLE_ENDIAN, viewOf } from './native.js';
import { type NetlinkMessage, readMessages, setSequence } from './netlinkMessages.js';

/** The kernel sends no longer pieces (netlink(7)). */
const READ_BUFFER = 32_768;

/** Requests to the kernel by rtnetlink(7), which answers each before `write` returns. */
export class Rtnetlink {
  readonly #libc: Libc;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  readonly #unavailable: string | null;
  #fd: number;
  #sequence = 0;

  /** @param protocol - another one of netlink(7), which answers in the same way */
  constructor(libc: Libc, protocol = NETLINK_ROUTE) {
    this.#libc = libc;
    const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
    this.#fd = libc.socket(AF_NETLINK, type, protocol);
    this.#unavailable = this.#fd < 0 ? this.#failure() : null;
    if (this.#fd < 0 || protocol !== NETLINK_ROUTE) return;
    // With it, the kernel reports only what a dump asks for; before Linux 4.20, everything.
    const strict = int32Bytes(1);
    libc.setsockopt(this.#fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, strict, strict.length);
  }

  /**
   * Sends a request with NLM_F_ACK or NLM_F_DUMP, and awaits the answer.
   *
   * @param take - called for each object that the kernel answers with; what it gets is valid for the duration
   * of the call
   * @returns the name of the error, such as `EPERM`; null for success
   */
  request(message: Uint8Array, take: (message: NetlinkMessage) => void = () => {}): string | null {
    const answers = this.#answersTo(message);
    for (;;) {
      const { done, value } = answers.next();
      if (done === true) return value;
      take(value);
    }
  }

  /**
   * Sends a request with NLM_F_DUMP, and awaits the first object that suits. The kernel is asked for no more of them then,
   * and this may only be closed.
   *
   * @param read - null for an object that does not suit; as `take` of {@link Rtnetlink.request}
   * @returns null when none suits, or none can be had
   */
  find<T>(message: Uint8Array, read: (message: NetlinkMessage) => T | null): T | null {
    for (const answer of this.#answersTo(message)) {
      const found = read(answer);
      if (found !== null) return found;
    }
    return null;
  }

  close(): void {
    if (this.#fd >= 0) this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  /** The objects that the kernel answers with, and then the name of the error, or null. */
  *#answersTo(message: Uint8Array): Generator<NetlinkMessage, string | null, void> {
    if (this.#fd < 0) return this.#unavailable ?? 'EBADF';
    const sequence = ++this.#sequence;
    setSequence(message, sequence);
    if (this.#libc.write(this.#fd, message, message.length) < 0) return this.#failure();
    for (;;) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
      if (length <= 0) return this.#failure();
      for (const answer of readMessages(viewOf(this.#buffer), length)) {
        if (answer.sequence !== sequence) continue;
        if (answer.type === NLMSG_DONE) return null;
        if (answer.type === NLMSG_ERROR) return this.#errorIn(answer);
        yield answer;
      }
    }
  }

  /** The body of NLMSG_ERROR begins with a negative error number, or 0 for success. */
  #errorIn({ view, body, end }: NetlinkMessage): string | null {
    const error = end - body < 4 ? 0 : view.getInt32(body, LITTLE_ENDIAN);
    return error === 0 ? null : this.#libc.nameOf(-error);
  }

  #failure(): string {
    return this.#libc.nameOf(this.#libc.errno());
  }
}

import { AF_NETLINK, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './constants.js';
import type { Libc, Readiness } from './libc.js';
import { viewOf } from './native.js';
import { type NetlinkMessage, readMessages } from './netlinkMessages.js';
import { netlinkAddress } from './socketAddress.js';
import { whenReadable } from './whenReadable.js';

const READ_BUFFER = 32_768;
/** Upper bound of `read` calls before the event loop continues. */
const MAX_READS = 64;

/** Listener for {@link NetlinkEvents}. */
export interface NetlinkListener {
  /** Whether a message matters; called for each one, which is valid for the duration of the call. */
  matters(message: NetlinkMessage): boolean;
  /** Messages came; whether any of them matters, or may have: the kernel drops those that are too many. */
  onMessages(isAnyOfMatter: boolean): void;
}

/** What the kernel tells unasked of links, addresses, routes and rules, by rtnetlink(7). */
export class NetlinkEvents {
  readonly #libc: Libc;
  readonly #listener: NetlinkListener;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  #fd: number;
  #watch: Readiness | null;

  private constructor(libc: Libc, fd: number, listener: NetlinkListener) {
    this.#libc = libc;
    this.#fd = fd;
    this.#listener = listener;
    this.#watch = whenReadable(libc, fd, () => this.#drain());
  }

  /**
   * Joins groups of events; null where the system does not report them.
   *
   * @param groups - bits, RTMGRP_LINK and its like
   */
  static open(libc: Libc, groups: number, listener: NetlinkListener): NetlinkEvents | null {
    const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = netlinkAddress(groups);
    if (libc.bind(fd, address, address.length) < 0) {
      libc.close(fd);
      return null;
    }
    return new NetlinkEvents(libc, fd, listener);
  }

  /** Lets the process end although events are awaited. */
  unref(): void {
    this.#watch?.unref();
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #drain(): void {
    let isAnyOfMatter = false;
    for (let count = 0; count < MAX_READS && this.#fd >= 0; count++) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
      if (length <= 0) {
        // After ENOBUFS, nobody knows what was lost.
        const isLost = length < 0 && this.#libc.errno() === this.#libc.numberOf('ENOBUFS');
        if (!isLost) break;
        isAnyOfMatter = true;
        continue;
      }
      for (const message of readMessages(viewOf(this.#buffer), length)) {
        if (this.#listener.matters(message)) isAnyOfMatter = true;
      }
    }
    if (this.#fd >= 0) this.#listener.onMessages(isAnyOfMatter);
  }
}

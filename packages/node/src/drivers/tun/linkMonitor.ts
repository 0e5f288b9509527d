import {
  AF_NETLINK,
  IFF_UP,
  NETLINK_ROUTE,
  RTM_NEWLINK,
  RTMGRP_LINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from '../kernel/constants.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';

/* struct sockaddr_nl: family (16 bits), padding, port (32 bits), groups (32 bits) */
const SOCKADDR_NL_SIZE = 12;
const SOCKADDR_NL_GROUPS = 8;

/*
 * struct nlmsghdr                         struct ifinfomsg, after it
 *
 *   0   length (32 bits)                    16  family (8 bits), padding
 *   4   type (16 bits)                      18  kind of hardware (16 bits)
 *   6   flags (16 bits)                     20  interface index (32 bits)
 *   8   sequence number (32 bits)           24  flags (32 bits)
 *   12  port (32 bits)                      28  which flags changed (32 bits)
 */
const HEADER_SIZE = 16;
const LINK_INDEX = 20;
const LINK_FLAGS = 24;
const LINK_END = 32;

const READ_BUFFER = 32_768;

/** Notices when an interface that was down comes up again: the kernel has dropped its routes then. */
export class LinkMonitor {
  readonly #libc: Libc;
  readonly #index: number;
  readonly #onUp: () => void;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  #fd: number;
  #watch: Readiness | null = null;
  #scheduled = false;
  #wasDown = false;

  private constructor(libc: Libc, fd: number, index: number, onUp: () => void) {
    this.#libc = libc;
    this.#fd = fd;
    this.#index = index;
    this.#onUp = onUp;
    this.#watch = libc.watch(fd, () => {
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#drain());
    });
  }

  /** Watches the interface of this index; null where the system does not tell. */
  static open(libc: Libc, index: number, onUp: () => void): LinkMonitor | null {
    const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = libc.socket(AF_NETLINK, type, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = new Uint8Array(SOCKADDR_NL_SIZE);
    viewOf(address).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
    viewOf(address).setUint32(SOCKADDR_NL_GROUPS, RTMGRP_LINK, LITTLE_ENDIAN);
    if (libc.bind(fd, address, SOCKADDR_NL_SIZE) < 0) {
      libc.close(fd);
      return null;
    }
    return new LinkMonitor(libc, fd, index, onUp);
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #drain(): void {
    this.#scheduled = false;
    while (this.#fd >= 0) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
      if (length <= 0) return;
      this.#readMessages(length);
    }
  }

  #readMessages(length: number): void {
    const view = viewOf(this.#buffer);
    for (let at = 0; at + HEADER_SIZE <= length; ) {
      const size = view.getUint32(at, LITTLE_ENDIAN);
      if (size < HEADER_SIZE || at + size > length) return;
      const type = view.getUint16(at + 4, LITTLE_ENDIAN);
      if (
        type === RTM_NEWLINK &&
        size >= LINK_END &&
        view.getInt32(at + LINK_INDEX, LITTLE_ENDIAN) === this.#index
      ) {
        this.#linkChanged((view.getUint32(at + LINK_FLAGS, LITTLE_ENDIAN) & IFF_UP) !== 0);
      }
      at += (size + 3) & ~3;
    }
  }

  #linkChanged(isUp: boolean): void {
    const cameUp = this.#wasDown && isUp;
    this.#wasDown = !isUp;
    if (cameUp) this.#onUp();
  }
}

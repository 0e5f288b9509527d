import { setImmediate } from '../../realTimers.js';
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  RTMGRP_LINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from '../kernel/constants.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { readLinkStates } from '../kernel/linkMessages.js';
import { viewOf } from '../kernel/native.js';
import { netlinkAddress } from '../kernel/socketAddress.js';

const READ_BUFFER = 32_768;

/** Detects that an interface which was down comes up again: the kernel has removed its routes then. */
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

  /** Watches the interface of this index; null where the system does not report link states. */
  static open(libc: Libc, index: number, onUp: () => void): LinkMonitor | null {
    const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = libc.socket(AF_NETLINK, type, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = netlinkAddress(RTMGRP_LINK);
    if (libc.bind(fd, address, address.length) < 0) {
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
      for (const isUp of readLinkStates(viewOf(this.#buffer), length, this.#index)) {
        this.#linkChanged(isUp);
      }
    }
  }

  #linkChanged(isUp: boolean): void {
    const cameUp = this.#wasDown && isUp;
    this.#wasDown = !isUp;
    if (cameUp) this.#onUp();
  }
}

import { setImmediate } from '../../realTimers.js';
import { readAddress } from '../kernel/addressMessages.js';
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  RTM_DELRULE,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_IFINFO,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_IPV6_RULE,
  RTMGRP_LINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from '../kernel/constants.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { linkIndexIn } from '../kernel/linkMessages.js';
import { viewOf } from '../kernel/native.js';
import { type NetlinkMessage, readMessages } from '../kernel/netlinkMessages.js';
import { readRoute } from '../kernel/routingMessages.js';
import { netlinkAddress } from '../kernel/socketAddress.js';

const READ_BUFFER = 32_768;
/** Upper bound of `read` calls before the event loop continues. */
const MAX_READS = 64;
/** The kernel has groups for all but address labels. */
const GROUPS =
  RTMGRP_LINK | RTMGRP_IPV6_IFINFO | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_RULE;
/** Routes that lead to the whole Internet are at most that long; `2000::/3` is one of them. */
const DEFAULT_ROUTE_BITS = 3;

/** Detects that something about an interface changes, or about the way to the rest of the Internet. */
export class InterfaceMonitor {
  readonly #libc: Libc;
  readonly #index: number;
  readonly #onChange: () => void;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  #fd: number;
  #watch: Readiness | null = null;
  #scheduled = false;

  private constructor(libc: Libc, fd: number, index: number, onChange: () => void) {
    this.#libc = libc;
    this.#fd = fd;
    this.#index = index;
    this.#onChange = onChange;
    this.#watch = libc.watch(fd, () => this.#schedule());
  }

  /** Watches the interface of this index; null where the system does not report changes. */
  static open(libc: Libc, index: number, onChange: () => void): InterfaceMonitor | null {
    const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = libc.socket(AF_NETLINK, type, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = netlinkAddress(GROUPS);
    if (libc.bind(fd, address, address.length) < 0) {
      libc.close(fd);
      return null;
    }
    return new InterfaceMonitor(libc, fd, index, onChange);
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#drain());
  }

  #drain(): void {
    this.#scheduled = false;
    let isConcerned = false;
    for (let count = 0; count < MAX_READS && this.#fd >= 0; count++) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
      if (length <= 0) {
        // After ENOBUFS, nobody knows what was lost.
        const lost = length < 0 && this.#libc.errno() === this.#libc.numberOf('ENOBUFS');
        isConcerned ||= lost;
        if (lost) continue;
        break;
      }
      isConcerned ||= readMessages(viewOf(this.#buffer), length).some((message) =>
        this.#concerns(message),
      );
    }
    if (isConcerned && this.#fd >= 0) this.#onChange();
  }

  #concerns(message: NetlinkMessage): boolean {
    if (message.type === RTM_DELRULE) return true;
    if (linkIndexIn(message) === this.#index) return true;
    if (readAddress(message)?.interfaceIndex === this.#index) return true;
    const route = readRoute(message);
    if (route === null) return false;
    const { interfaceIndex, destination } = route;
    return interfaceIndex === this.#index || destination.length <= DEFAULT_ROUTE_BITS;
  }
}

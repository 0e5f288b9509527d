import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import { setImmediate } from '../../realTimers.js';
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV4_RULE,
  RTMGRP_LINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from '../kernel/constants.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { viewOf } from '../kernel/native.js';
import { type NetlinkMessage, readMessages } from '../kernel/netlinkMessages.js';
import { Rtnetlink } from '../kernel/rtnetlink.js';
import { netlinkAddress } from '../kernel/socketAddress.js';
import { readLink, readLoss, readWay, type Way, wayMessage } from '../kernel/underlayMessages.js';
import type { Underlay, UnderlayListener, Ways } from './underlay.js';

const READ_BUFFER = 32_768;
/** No interface has this index. */
const NOWHERE = -1;
const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE;

/** The IPv4 network as the Linux kernel describes it, by rtnetlink(7); needs no privileges. */
export class LinuxUnderlay implements Underlay {
  readonly #libc: Libc;
  readonly #from: string;
  readonly #onEvent: UnderlayListener;
  readonly #requests: Rtnetlink;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  /** The interfaces that the present ways lead through. */
  #interfaces = new Set<number>();
  /** Interfaces that were connected to nothing when they last changed. */
  readonly #unconnected = new Set<number>();
  #watch: Readiness | null;
  #isScheduled = false;
  #fd: number;

  private constructor(libc: Libc, fd: number, from: string, onEvent: UnderlayListener) {
    this.#libc = libc;
    this.#fd = fd;
    this.#from = from;
    this.#onEvent = onEvent;
    this.#requests = new Rtnetlink(libc);
    this.#watch = libc.watch(fd, () => {
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => this.#drain());
    });
    this.#watch.unref();
  }

  /** Null where the system does not report such events. */
  static open(libc: Libc, from: string, onEvent: UnderlayListener): LinuxUnderlay | null {
    const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return null;
    const address = netlinkAddress(GROUPS);
    if (libc.bind(fd, address, address.length) < 0) {
      libc.close(fd);
      return null;
    }
    return new LinuxUnderlay(libc, fd, from, onEvent);
  }

  look(routers: readonly Endpoint[]): Promise<Ways> {
    const ways = routers.map((router) => [formatEndpoint(router), this.#wayTo(router)] as const);
    this.#interfaces = new Set(ways.flatMap(([, way]) => (way === null ? [] : way.interfaceIndex)));
    return Promise.resolve(new Map(ways.map(([router, way]) => [router, way?.text ?? null])));
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
    this.#requests.close();
  }

  #wayTo(router: Endpoint): Way | null {
    let way: Way | null = null;
    const failure = this.#requests.dump(wayMessage(router, this.#from), (message) => {
      way = readWay(message);
    });
    return failure === null ? way : null;
  }

  #drain(): void {
    this.#isScheduled = false;
    if (this.#fd < 0) return;
    let isLoss = false;
    for (;;) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
      if (length <= 0) {
        // When there were more than the kernel keeps, the lost ones may have been about anything.
        isLoss ||= length < 0 && this.#libc.nameOf(this.#libc.errno()) === 'ENOBUFS';
        break;
      }
      for (const message of readMessages(viewOf(this.#buffer), length)) {
        if (this.#isInterruption(message)) isLoss = true;
      }
    }
    this.#onEvent(isLoss);
  }

  /** Whether something on a present way was lost, or a connection is back, perhaps in another network. */
  #isInterruption(message: NetlinkMessage): boolean {
    const link = readLink(message);
    if (link === null) return this.#interfaces.has(readLoss(message) ?? NOWHERE);
    const { index, isConnected } = link;
    if (isConnected) return this.#unconnected.delete(index) && this.#interfaces.has(index);
    this.#unconnected.add(index);
    return false;
  }
}

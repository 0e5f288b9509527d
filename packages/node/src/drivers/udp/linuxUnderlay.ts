import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import {
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV4_RULE,
  RTMGRP_LINK,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { readConnection } from '../kernel/linkMessages.js';
import { NetlinkEvents } from '../kernel/netlinkEvents.js';
import type { NetlinkMessage } from '../kernel/netlinkMessages.js';
import { Rtnetlink } from '../kernel/rtnetlink.js';
import { readLoss, readWay, type Way, wayMessage } from '../kernel/underlayMessages.js';
import type { Underlay, UnderlayListener, Ways } from './underlay.js';

/** No interface has this index. */
const NOWHERE = -1;
const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE;

/** The IPv4 network as the Linux kernel describes it, by rtnetlink(7); needs no privileges. */
export class LinuxUnderlay implements Underlay {
  readonly #from: string;
  readonly #events: NetlinkEvents;
  readonly #requests: Rtnetlink;
  /** The interfaces that the present ways lead through. */
  #interfaces = new Set<number>();
  /** Interfaces that were connected to nothing when they last changed. */
  readonly #unconnected = new Set<number>();

  private constructor(libc: Libc, events: NetlinkEvents, from: string) {
    this.#from = from;
    this.#events = events;
    this.#requests = new Rtnetlink(libc);
    events.unref();
  }

  /** Null where the system does not report such events. */
  static open(libc: Libc, from: string, onEvent: UnderlayListener): LinuxUnderlay | null {
    const events = NetlinkEvents.open(libc, GROUPS, {
      // Nothing comes before this has returned.
      matters: (message) => underlay.#isInterruption(message),
      onMessages: onEvent,
    });
    if (events === null) return null;
    const underlay = new LinuxUnderlay(libc, events, from);
    return underlay;
  }

  look(routers: readonly Endpoint[]): Promise<Ways> {
    const ways = routers.map((router) => [formatEndpoint(router), this.#wayTo(router)] as const);
    this.#interfaces = new Set(ways.flatMap(([, way]) => (way === null ? [] : way.interfaceIndex)));
    return Promise.resolve(new Map(ways.map(([router, way]) => [router, way?.text ?? null])));
  }

  close(): void {
    this.#events.close();
    this.#requests.close();
  }

  #wayTo(router: Endpoint): Way | null {
    let way: Way | null = null;
    const failure = this.#requests.request(wayMessage(router, this.#from), (message) => {
      way = readWay(message);
    });
    return failure === null ? way : null;
  }

  /** Whether something on a present way was lost, or a connection is back, perhaps in another network. */
  #isInterruption(message: NetlinkMessage): boolean {
    const link = readConnection(message);
    if (link === null) return this.#interfaces.has(readLoss(message) ?? NOWHERE);
    const { index, isConnected } = link;
    if (isConnected) return this.#unconnected.delete(index) && this.#interfaces.has(index);
    this.#unconnected.add(index);
    return false;
  }
}

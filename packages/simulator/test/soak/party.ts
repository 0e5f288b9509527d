import type { AccessKind, LinkDatagram, LinkOptions, PeerNode } from '../../src/index.js';

const IPV6 = 6;
const ICMPV6 = 58;
const NEXT_HEADER = 6;
const TYPE = 40;
const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const REDIRECT = 137;
const SECOND = 1_000;
const MINUTE = 60_000;

/** The innermost middlebox in front of a party; undefined for none. */
export type Box = ReturnType<AccessKind['build']>;

/** The faults of a party's link. */
export interface LinkFaults extends LinkOptions {
  /** Whether nothing passes. */
  readonly isDown?: boolean;
  /** Whether solicitations and advertisements of routers do not pass. */
  readonly losesRouterMessages?: boolean;
}

/** The type of a Neighbor Discovery message, 0 for a keepalive or probe, or null for other datagrams. */
function controlType({ bytes, length }: LinkDatagram): number | null {
  if (length <= TYPE) return 0;
  if (bytes[0]! >> 4 !== IPV6 || bytes[NEXT_HEADER] !== ICMPV6) return null;
  const type = bytes[TYPE]!;
  return type >= ROUTER_SOLICITATION && type <= REDIRECT ? type : null;
}

/** Counts control packets to each endpoint in steps of some time, and keeps the highest count. */
class Rate {
  readonly #step: number;
  readonly #counts = new Map<number, number>();
  #index = 0;
  most = 0;

  constructor(step: number) {
    this.#step = step;
  }

  add(endpoint: number, now: number): void {
    const index = Math.floor(now / this.#step);
    if (index !== this.#index) this.#counts.clear();
    this.#index = index;
    const count = (this.#counts.get(endpoint) ?? 0) + 1;
    this.#counts.set(endpoint, count);
    this.most = Math.max(this.most, count);
  }
}

/** A peer in a soak, what is in front of it, and what is wrong with its link. */
export class Party {
  readonly index: number;
  readonly perSecond = new Rate(SECOND);
  readonly perMinute = new Rate(MINUTE);
  readonly #now: () => number;
  #peer: PeerNode | null = null;
  #faults: LinkFaults = {};
  /** The innermost middlebox in front of it. */
  box: Box;
  /** Datagrams that its link was given. */
  datagrams = 0;
  /** Packets that its application sent, answers included, and that it received. */
  packets = { sent: 0, received: 0 };
  /** Whether its program does not run. */
  isPaused = false;

  constructor(index: number, box: Box, now: () => number) {
    this.index = index;
    this.box = box;
    this.#now = now;
  }

  /** Its peer. */
  get peer(): PeerNode {
    return this.#peer!;
  }

  set peer(peer: PeerNode) {
    this.#peer = peer;
  }

  /** Its network and link. */
  get placement() {
    return { ...(this.box === undefined ? {} : { behind: this.box }), link: this.link };
  }

  /** Its link with its present faults. */
  get link() {
    const { isDown = false, losesRouterMessages = false, ...options } = this.#faults;
    const loses = (type: number | null): boolean =>
      isDown ||
      (losesRouterMessages && (type === ROUTER_SOLICITATION || type === ROUTER_ADVERTISEMENT));
    const up = (datagram: LinkDatagram): boolean => {
      const type = controlType(datagram);
      this.datagrams++;
      // After a pause it answers all that waited.
      if (type !== null && !this.isPaused) this.#count(datagram);
      return loses(type);
    };
    const down = (datagram: LinkDatagram): boolean => loses(controlType(datagram));
    return { up: { ...options, loses: up }, down: { ...options, loses: down } };
  }

  /** Changes the faults of its link. */
  setFaults(faults: LinkFaults): void {
    this.#faults = faults;
    this.peer.link = this.link;
  }

  #count({ destination, destinationPort }: LinkDatagram): void {
    const endpoint = (destination >>> 0) * 0x1_0000 + destinationPort;
    this.perSecond.add(endpoint, this.#now());
    this.perMinute.add(endpoint, this.#now());
  }
}

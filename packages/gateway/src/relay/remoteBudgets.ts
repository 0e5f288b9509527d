import type { UdpEndpoint } from '@6bed4/codec';
import { ByteRate } from './byteRate.js';
import type { StrangerLimits } from './strangerLimits.js';

/** IPv4 and UDP headers, which are bytes that a node is sent, too. */
const OUTER_HEADERS = 28;
/** Bytes for a stranger before it has said anything: some Neighbor Solicitations, and no more than half a packet. */
const FIRST_CREDIT = 640;
/** Bytes a second that come back, up to that. */
const RETURN_RATE = 40;
/** The most that what a stranger sends can add up to. */
const MOST_CREDIT = 16_384;
/** Milliseconds for which a node counts as one that wants packets: as long as a direct path lasts. */
const CONSENT_TIME = 30_000;
/** Strangers of one client: so many at once, and so many datagrams a second. */
const STRANGER_RATE = { perSecond: 20, burst: 80 };
/** Nodes that are remembered for a client; those that come by themselves get half. */
const MOST_REMOTES = 512;
const PORTS = 65_536;
const MS_PER_SECOND = 1000;

interface Remote {
  credit: number;
  updatedAt: number;
  consentsUntil: number;
}

/**
 * What a client may send to nodes other than its routers. One that sent it a packet of 6bed4, as itself and to the
 * client's own address, is in on it for half a minute. A stranger is sent no more bytes than came from there, and a
 * few first ones, so that a path can be found; a node that does not speak 6bed4 never becomes anything else.
 */
export class RemoteBudgets {
  /** The one that was used longest ago comes first. */
  readonly #remotes = new Map<number, Remote>();
  readonly #rate = new ByteRate(STRANGER_RATE);
  readonly #limits: StrangerLimits;

  constructor(limits: StrangerLimits) {
    this.#limits = limits;
  }

  /** The nodes that are remembered. */
  get size(): number {
    return this.#remotes.size;
  }

  /** Takes what a datagram of `length` bytes to a node costs, if that may be sent. */
  spend(to: Readonly<UdpEndpoint>, length: number, now: number): boolean {
    const key = keyOf(to);
    const known = this.#remotes.get(key);
    if (known !== undefined && known.consentsUntil > now) return true;
    const remote = known ?? newRemote(now);
    this.#remember(key, remote);
    if (remote.credit < FIRST_CREDIT) {
      const returned = ((now - remote.updatedAt) / MS_PER_SECOND) * RETURN_RATE;
      remote.credit = Math.min(FIRST_CREDIT, remote.credit + returned);
    }
    remote.updatedAt = now;
    const price = length + OUTER_HEADERS;
    if (remote.credit < price || !this.#rate.take(1, now) || !this.#limits.allows(to, now)) {
      return false;
    }
    remote.credit -= price;
    return true;
  }

  /**
   * A datagram came from a node.
   *
   * @param consents - whether it is a packet from the node's own address to the client's own
   */
  heard(from: Readonly<UdpEndpoint>, length: number, consents: boolean, now: number): void {
    const key = keyOf(from);
    let remote = this.#remotes.get(key);
    if (remote === undefined) {
      if (this.#remotes.size >= MOST_REMOTES / 2) return;
      remote = newRemote(now);
      this.#remotes.set(key, remote);
    }
    if (consents) remote.consentsUntil = now + CONSENT_TIME;
    remote.credit = Math.min(MOST_CREDIT, remote.credit + length + OUTER_HEADERS);
  }

  #remember(key: number, remote: Remote): void {
    this.#remotes.delete(key);
    this.#remotes.set(key, remote);
    if (this.#remotes.size <= MOST_REMOTES) return;
    const [oldest] = this.#remotes.keys();
    this.#remotes.delete(oldest!);
  }
}

function newRemote(now: number): Remote {
  return { credit: FIRST_CREDIT, updatedAt: now, consentsUntil: Number.NEGATIVE_INFINITY };
}

function keyOf({ address, port }: Readonly<UdpEndpoint>): number {
  return address * PORTS + port;
}

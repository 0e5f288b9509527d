import { type AddressLayout, formatIPv4, formatIPv6, UdpEndpoint } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  type NeighborAdvertisement,
  type Redirect,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { REMOTE_IDLE, SILENCE, SILENCE_REPEAT, WATCH_INTERVAL } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { PathChanged, RemoteSnapshot } from '../report/events.js';
import { Path, type PathCode, type ProofCode, pathNames, proofNames } from '../report/path.js';
import { OUTER_HEADERS, ROUTER_LANIP } from '../specification.js';
import type { ChosenPeering } from './options.js';
import { type Peering, type PeeringHost, Route, type RouteCode } from './peering.js';
import { Remotes } from './remotes.js';
import { Policy, type PolicyCode } from './trafficClassPolicy.js';

const NO_SLOT = -1;
const NEVER = Number.POSITIVE_INFINITY;
const NOT_REPORTED = 255;
/** Credit beyond which a stranger saves up no more, in bytes: the largest packet. */
const MOST_CREDIT = 1280;

/** What a {@link PathFinder} needs of its peer, besides what it hands on to the strategy. */
export interface PathFinderHost
  extends Omit<PeeringHost, 'remotes' | 'pathChanged' | 'ownAddressFor'> {
  readonly layout: AddressLayout;
  /** Whether the lower half of the IPv6 address at `offset` may be read as an endpoint. */
  isInterpretable(bytes: Uint8Array, offset: number): boolean;
  /** Whether an interpretable address says that its holder can always be reached directly. */
  isInvitation(bytes: Uint8Array, offset: number): boolean;
  /** A conversation has fallen silent: can we still be reached? */
  silence(now: number): void;
  /** Our own IPv6 address for talking to the one given, and our endpoint under it. */
  ownAddressFor(remote: Uint8Array): ReturnType<PeeringHost['ownAddressFor']>;
  pathChanged(change: Omit<PathChanged, 'type'>): void;
}

/**
 * Keeps the remotes of one peer and asks the strategy about their paths. Takes no memory before the
 * first remote is met.
 */
export class PathFinder {
  readonly #host: PathFinderHost;
  readonly #chosen: ChosenPeering;
  /** Whether there is nothing to find, because all goes through the router. */
  readonly #isIdle: boolean;
  readonly #byEndpoint: boolean;
  readonly #to = new UdpEndpoint();
  #remotes: Remotes | null = null;
  #peering: Peering | null = null;
  #reported: Uint8Array = new Uint8Array(0);
  #sweepAt = NEVER;
  #watchAt = NEVER;
  #watchedAt = Number.NEGATIVE_INFINITY;
  /** Someone stopped speaking, and that is not told yet. */
  #hasFallenSilent = false;
  #silenceToldAt = Number.NEGATIVE_INFINITY;

  constructor(chosen: ChosenPeering, host: PathFinderHost) {
    this.#chosen = chosen;
    this.#host = host;
    this.#isIdle = chosen.kind === null;
    this.#byEndpoint = chosen.kind?.key === 'endpoint';
  }

  /**
   * The slot of the remote with the IPv6 address at `offset`, or -1. Such an address is routable, not
   * ours, and spells an endpoint that we may talk to. For every packet.
   */
  find(bytes: Uint8Array, offset: number): number {
    const remotes = this.#remotes;
    if (remotes === null) return NO_SLOT;
    const slot = remotes.find(bytes, offset);
    // Told apart by endpoint, a remote would be found under foreign prefixes too.
    return this.#byEndpoint &&
      slot !== NO_SLOT &&
      !remotes.isInSegment(slot, bytes, offset) &&
      !this.#host.isInterpretable(bytes, offset)
      ? NO_SLOT
      : slot;
  }

  /** Whether this is the endpoint that the address of a remote spells. */
  isSpelledBy(slot: number, from: Readonly<UdpEndpoint>): boolean {
    const remotes = this.#remotes!;
    return (
      remotes.spelledAddress[slot] === from.addressBits && remotes.spelledPort[slot] === from.port
    );
  }

  /**
   * Where a packet of the local side goes; for every packet.
   *
   * @param found - the slot of its destination, or -1
   * @param to - takes the endpoint, where that is straight to the remote
   * @param policy - what the sender wants, or null for what the packet itself may say
   */
  route(
    found: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: UdpEndpoint,
    policy: PolicyCode | null,
    now: number,
  ): RouteCode {
    let slot = found;
    if (slot === NO_SLOT && !this.#isIdle) {
      slot = this.#meet(bytes, offset + DESTINATION_OFFSET, true, now);
    }
    // Where no direct path can be, only who insists on one is refused.
    if (slot === NO_SLOT) return policy === Policy.persistent ? Route.refused : Route.router;
    const remotes = this.#remotes!;
    const route = this.#peering!.route(slot, bytes, offset, length, policy, now);
    remotes.lastSentAt[slot] = now;
    if (route === Route.direct) {
      to.address = remotes.directAddress[slot]!;
      to.port = remotes.directPort[slot]!;
      remotes.sentDirect[slot]!++;
    } else {
      remotes.sentRelayed[slot]!++;
    }
    return route;
  }

  /**
   * As {@link route}, for a packet that its application would send again: it goes straight where that
   * is not known to be in vain.
   *
   * @returns a number that names the play, or 0 when the packet goes its usual way
   */
  play(found: number, bytes: Uint8Array, offset: number, to: UdpEndpoint, now: number): number {
    if (this.#isIdle) return 0;
    const slot =
      found === NO_SLOT ? this.#meet(bytes, offset + DESTINATION_OFFSET, true, now) : found;
    if (slot === NO_SLOT) return 0;
    const play = this.#peering!.play(slot, now);
    if (play === 0) return 0;
    const remotes = this.#remotes!;
    to.address = remotes.spelledAddress[slot]!;
    to.port = remotes.spelledPort[slot]!;
    remotes.lastSentAt[slot] = now;
    remotes.sentDirect[slot]!++;
    return play;
  }

  playAnswered(play: number, now: number): boolean {
    return this.#peering?.playAnswered(play, now) ?? false;
  }

  /**
   * An acceptable packet arrived, straight from a remote or through a router; for every packet.
   *
   * @param found - the slot of its source, or -1
   */
  packetArrived(
    found: number,
    isStraight: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    if (this.#isIdle) return;
    let slot = found;
    if (slot === NO_SLOT) {
      slot = this.#meet(bytes, offset + SOURCE_OFFSET, false, now);
      if (slot === NO_SLOT) return;
    }
    const remotes = this.#remotes!;
    remotes.lastReceivedAt[slot] = now;
    if (this.#watchAt === NEVER) this.#watchAt = now + WATCH_INTERVAL;
    if (isStraight) remotes.receivedDirect[slot]!++;
    else remotes.receivedRelayed[slot]!++;
    const via = isStraight ? Path.direct : Path.relayed;
    if (remotes.credit[slot]! < MOST_CREDIT) remotes.credit[slot]! += length + OUTER_HEADERS;
    this.#peering!.packetArrived(slot, via, bytes, offset, length, now);
  }

  /**
   * Whether the holder of an address was heard at this private endpoint of our local network before,
   * under whichever prefix: an endpoint behind our NAT is one computer's, whatever router it names.
   */
  isLanEndpointOf(bytes: Uint8Array, offset: number, from: Readonly<UdpEndpoint>): boolean {
    return this.#remotes?.wasHeardOnLan(bytes, offset, from) ?? false;
  }

  /** A valid Neighbor Solicitation of `source` came straight from an endpoint and was answered. */
  solicited(source: Uint8Array, onLan: boolean, from: Readonly<UdpEndpoint>, now: number): void {
    if (this.#chosen.kind === null) return;
    let slot = this.find(source, 0);
    if (slot === NO_SLOT) slot = this.#meet(source, 0, false, now);
    if (slot === NO_SLOT) return;
    const remotes = this.#remotes!;
    remotes.lastReceivedAt[slot] = now;
    if (onLan) {
      remotes.lanAddress[slot] = from.addressBits;
      remotes.lanPort[slot] = from.port;
    }
    this.#peering!.solicited(slot, from, now);
  }

  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    return this.#peering?.advertised(advertisement, from, now) ?? Drop.ndUnexpected;
  }

  redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    return this.#peering?.redirected(redirect, length, from, now) ?? Drop.ndUnexpected;
  }

  prefixOffered(
    offer: Offer,
    nonce: Uint8Array | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    return this.#peering?.prefixOffered(offer, nonce, from, now) ?? Drop.advertisementRefused;
  }

  /**
   * Whether the address at `own` is the one under which a remote sees us.
   *
   * @param slot - the slot of that remote, or -1
   */
  isBoundAddress(slot: number, bytes: Uint8Array, own: number): boolean {
    return slot !== NO_SLOT && this.#peering!.ownsBound(slot, bytes, own);
  }

  probed(from: Readonly<UdpEndpoint>, now: number): void {
    this.#peering?.probed(from, now);
  }

  /**
   * Our own addresses changed.
   *
   * @param moved - whether we are seen at another endpoint than before, so that no proof holds any more
   */
  addressesChanged(moved: boolean, now: number): void {
    const remotes = this.#remotes;
    if (remotes === null) return;
    remotes.forEach((slot) => {
      const address = remotes.address(slot);
      if (!this.#host.isOwn(address) && this.#host.isInterpretable(address, 0)) return;
      this.#forget(slot);
      remotes.remove(slot);
    });
    if (moved) this.#peering!.networkChanged(now);
  }

  /** Forgets all remotes. */
  clear(): void {
    this.#remotes = null;
    this.#peering = null;
    this.#hasFallenSilent = false;
    this.#sweepAt = NEVER;
    this.#watchAt = NEVER;
  }

  handleTimeout(now: number): void {
    const peering = this.#peering;
    if (peering === null) return;
    if (peering.nextTimeout() <= now) peering.handleTimeout(now);
    if (this.#sweepAt <= now) this.#sweep(now);
    if (this.#watchAt <= now) this.#watch(now);
  }

  nextTimeout(): number {
    const peering = this.#peering;
    return peering === null ? NEVER : Math.min(peering.nextTimeout(), this.#sweepAt, this.#watchAt);
  }

  /** The remotes and their paths at this moment, those used last first. */
  snapshot(now: number): RemoteSnapshot[] {
    const remotes = this.#remotes;
    if (remotes === null) return [];
    const slots: number[] = [];
    remotes.forEach((slot) => {
      slots.push(slot);
    });
    slots.sort((left, right) => remotes.lastUsedAt(right) - remotes.lastUsedAt(left));
    return slots.map((slot) => this.#describe(slot, now));
  }

  /** The remote with the IPv6 address at `offset` and its path at this moment, or null. */
  snapshotOf(bytes: Uint8Array, offset: number, now: number): RemoteSnapshot | null {
    const slot = this.find(bytes, offset);
    return slot === NO_SLOT ? null : this.#describe(slot, now);
  }

  #describe(slot: number, now: number): RemoteSnapshot {
    const remotes = this.#remotes!;
    const isUsable = now < remotes.usableUntil[slot]!;
    const path = isUsable ? remotes.path[slot]! : Path.relayed;
    return {
      address: formatIPv6(remotes.address(slot)),
      path: pathNames[path]!,
      endpoint: isUsable ? this.#endpointOf(slot) : null,
      proof: isUsable ? proofNames[remotes.proof[slot]!]! : null,
      provedAt: numberOrNull(remotes.provedAt[slot]!),
      usableUntil: isUsable ? numberOrNull(remotes.usableUntil[slot]!) : null,
      roundTrip: numberOrNull(remotes.roundTrip[slot]!),
      metAt: remotes.metAt[slot]!,
      lastSentAt: numberOrNull(remotes.lastSentAt[slot]!),
      lastReceivedAt: numberOrNull(remotes.lastReceivedAt[slot]!),
      packetsSentDirect: remotes.sentDirect[slot]!,
      packetsSentRelayed: remotes.sentRelayed[slot]!,
      packetsReceivedDirect: remotes.receivedDirect[slot]!,
      packetsReceivedRelayed: remotes.receivedRelayed[slot]!,
    };
  }

  /** Takes a slot for a remote, if its address spells an endpoint that we may talk to. */
  #meet(bytes: Uint8Array, at: number, spokenTo: boolean, now: number): number {
    const { kind, maxRemotes } = this.#chosen;
    const host = this.#host;
    if (kind === null) return NO_SLOT;
    const { layout } = host;
    if (!host.isInterpretable(bytes, at) || layout.isOpaque(bytes, at)) return NO_SLOT;
    if (layout.maxLanip > 0 && layout.readLanip(bytes, at) === ROUTER_LANIP) return NO_SLOT;
    const endpoint = this.#to;
    layout.readEndpoint(bytes, at, endpoint);
    if (!host.accepts(endpoint)) return NO_SLOT;
    if (this.#remotes === null) {
      this.#remotes = new Remotes(host.layout, kind.key, maxRemotes, host.random);
      this.#reported = new Uint8Array(maxRemotes);
      this.#peering = kind.make(this.#strategyHost(this.#remotes));
    }
    const slot = this.#remotes.create(bytes, at, endpoint, spokenTo, now, this.#forget);
    if (slot === NO_SLOT) return NO_SLOT;
    this.#reported[slot] = NOT_REPORTED;
    if (this.#sweepAt === NEVER) this.#sweepAt = now + REMOTE_IDLE;
    this.#peering!.met(slot, host.isInvitation(bytes, at), now);
    return slot;
  }

  readonly #forget = (slot: number): void => {
    this.#peering!.forgotten(slot);
  };

  #strategyHost(remotes: Remotes): PeeringHost {
    const host = this.#host;
    return {
      layout: host.layout,
      remotes,
      random: host.random,
      send: host.send,
      accepts: host.accepts,
      isOwn: host.isOwn,
      sharesPublicAddress: host.sharesPublicAddress,
      ownAddressFor: (slot) => host.ownAddressFor(remotes.address(slot)),
      pathChanged: (slot, path, proof) => this.#pathChanged(slot, path, proof),
    };
  }

  #pathChanged(slot: number, path: PathCode, proof: ProofCode): void {
    const remotes = this.#remotes!;
    const reported = this.#reported[slot]!;
    remotes.path[slot] = path;
    remotes.proof[slot] = proof;
    if (reported === path) return;
    this.#reported[slot] = path;
    this.#host.pathChanged({
      remote: formatIPv6(remotes.address(slot)),
      path: pathNames[path]!,
      previous: reported === NOT_REPORTED ? null : pathNames[reported]!,
      endpoint: path === Path.relayed ? null : this.#endpointOf(slot),
      proof: proofNames[proof]!,
      roundTrip: path === Path.relayed ? null : numberOrNull(remotes.roundTrip[slot]!),
    });
  }

  #endpointOf(slot: number): { readonly address: string; readonly port: number } {
    const remotes = this.#remotes!;
    return {
      address: formatIPv4(remotes.directAddress[slot]! >>> 0),
      port: remotes.directPort[slot]!,
    };
  }

  /** Looks for remotes that spoke until lately, and do so no more; tells it now and then. */
  #watch(now: number): void {
    const remotes = this.#remotes!;
    const since = this.#watchedAt - SILENCE;
    let someoneSpeaks = false;
    let someoneStopped = false;
    remotes.forEach((slot) => {
      const at = remotes.lastReceivedAt[slot]!;
      if (at > now - SILENCE) someoneSpeaks = true;
      else if (at > since) someoneStopped = true;
    });
    this.#watchedAt = now;
    if (someoneStopped) this.#hasFallenSilent = true;
    const isDue = this.#hasFallenSilent && now - this.#silenceToldAt >= SILENCE_REPEAT;
    if (isDue) {
      this.#hasFallenSilent = false;
      this.#silenceToldAt = now;
    }
    // What is told too seldom to be told now is told later: nothing else would wake us then.
    const goesOn = someoneSpeaks || this.#hasFallenSilent;
    this.#watchAt = goesOn ? now + WATCH_INTERVAL : NEVER;
    if (isDue) this.#host.silence(now);
  }

  /** Forgets remotes that were silent for long. */
  #sweep(now: number): void {
    const remotes = this.#remotes!;
    let next = NEVER;
    remotes.forEach((slot) => {
      const goesAt = remotes.lastUsedAt(slot) + REMOTE_IDLE;
      if (goesAt > now) {
        next = Math.min(next, goesAt);
        return;
      }
      this.#forget(slot);
      remotes.remove(slot);
    });
    this.#sweepAt = next;
  }
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

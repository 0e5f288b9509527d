import { UdpEndpoint } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  type NeighborAdvertisement,
  type NeighborSolicitation,
  NO_SLOT,
  type Redirect,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { REMOTE_IDLE } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { RemoteSnapshot } from '../report/events.js';
import { OUTER_HEADERS, ROUTER_LANIP } from '../specification.js';
import { DISTANT_FUTURE } from '../time.js';
import { nonceOf } from './nonce.js';
import type { ChosenPeering } from './options.js';
import {
  NextHop,
  type NextHopCode,
  type Peering,
  type PeeringHost,
  type SolicitedAnswer,
} from './peering.js';
import { Remotes } from './remotes.js';
import { type SilenceListener, SilenceWatch } from './silenceWatch.js';
import { Policy, type PolicyCode } from './trafficClassPolicy.js';

/**
 * Keeps the remotes of one peer and lets the strategy choose their paths. Takes no memory before the
 * first remote is created.
 */
export class PathFinder implements SilenceListener {
  readonly #host: PeeringHost;
  readonly #chosen: ChosenPeering;
  /** Whether there is nothing to find, because all goes through the router. */
  readonly #isIdle: boolean;
  readonly #byEndpoint: boolean;
  readonly #silenceWatch = new SilenceWatch();
  readonly #encoded = new UdpEndpoint();
  #remotes: Remotes | null = null;
  #peering: Peering | null = null;
  #sweepAt = DISTANT_FUTURE;

  constructor(chosen: ChosenPeering, host: PeeringHost) {
    this.#chosen = chosen;
    this.#host = host;
    this.#isIdle = chosen.kind === null;
    this.#byEndpoint = chosen.kind?.key === 'endpoint';
  }

  /**
   * The slot of the remote with the IPv6 address at `offset`, or -1. Such an address is routable, not
   * ours, and encodes an endpoint that we may talk to. For every packet.
   */
  find(bytes: Uint8Array, offset: number): number {
    const remotes = this.#remotes;
    if (remotes === null) return NO_SLOT;
    const slot = remotes.find(bytes, offset);
    // Where endpoints identify remotes, a remote would be found under foreign prefixes too.
    return this.#byEndpoint &&
      slot !== NO_SLOT &&
      !remotes.hasSubnetPrefix(slot, bytes, offset) &&
      !this.#host.isInterpretable(bytes, offset)
      ? NO_SLOT
      : slot;
  }

  /** Whether this is the endpoint that the address of a remote encodes. */
  isEncodedEndpoint(slot: number, from: Readonly<UdpEndpoint>): boolean {
    return this.#remotes!.paths.isEncodedEndpoint(slot, from);
  }

  /**
   * Whether the local side began to send to a remote, rather than it to us.
   *
   * @param slot - the slot of that remote, or -1
   */
  isOutbound(slot: number): boolean {
    return slot !== NO_SLOT && this.#remotes!.isOutbound(slot);
  }

  /**
   * Takes a slot for the destination of a packet of the local side, after {@link find} found none.
   *
   * @returns the slot, or -1 where no direct path can be
   */
  createDestination(bytes: Uint8Array, offset: number, now: number): number {
    return this.#isIdle ? NO_SLOT : this.#create(bytes, offset + DESTINATION_OFFSET, true, now);
  }

  /**
   * Chooses the next hop of a packet of the local side; for every packet.
   *
   * @param slot - the slot of its destination, or -1
   * @param to - takes the endpoint, where the next hop is the remote
   * @param policy - the policy that its sender requests, or null for that of the packet itself
   */
  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: UdpEndpoint,
    policy: PolicyCode | null,
    now: number,
  ): NextHopCode {
    // Where no direct path can be, only a packet that requires one is refused.
    if (slot === NO_SLOT) {
      return policy === Policy.persistent ? NextHop.unreachable : NextHop.router;
    }
    const remotes = this.#remotes!;
    if (!remotes.isOutbound(slot)) remotes.considerOutbound(slot, bytes, offset, now);
    const nextHop = this.#peering!.route(slot, bytes, offset, length, policy, now);
    const isDirect = nextHop === NextHop.direct;
    if (isDirect) remotes.paths.readDirect(slot, to);
    remotes.sent(slot, isDirect, now);
    return nextHop;
  }

  /**
   * Whether packets like the last one, which {@link route} was asked about, take the same way without any other
   * effect than that they are counted.
   *
   * @param slot - the slot of their destination, or -1
   */
  routesAlike(slot: number, isDirect: boolean, now: number): boolean {
    return slot === NO_SLOT || this.#peering!.routesAlike(slot, isDirect, now);
  }

  /** So many packets were sent that {@link routesAlike} was said of. */
  sentRun(slot: number, isDirect: boolean, count: number, now: number): void {
    if (slot !== NO_SLOT) this.#remotes!.sent(slot, isDirect, now, count);
  }

  /**
   * As {@link route}, for a packet that its application would send again: it goes directly where that
   * is not known to be in vain.
   *
   * @returns a number that names the send, or 0 when the packet takes its usual path
   */
  sendOpportunistic(slot: number, to: UdpEndpoint, now: number): number {
    if (slot === NO_SLOT) return 0;
    const send = this.#peering!.sendOpportunistic(slot, now);
    if (send === 0) return 0;
    const remotes = this.#remotes!;
    remotes.paths.readEncodedEndpoint(slot, to);
    remotes.sent(slot, true, now);
    return send;
  }

  /** The application received the reply to such a packet; false when that confirms nothing. */
  replyReported(send: number, now: number): boolean {
    return this.#peering?.replyReported(send, now) ?? false;
  }

  /**
   * An acceptable packet arrived, directly from a remote or through a router; for every packet.
   *
   * @param found - the slot of its source, or -1
   */
  packetArrived(
    found: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    if (this.#isIdle) return;
    let slot = found;
    if (slot === NO_SLOT) {
      slot = this.#create(bytes, offset + SOURCE_OFFSET, false, now);
      if (slot === NO_SLOT) return;
    }
    this.#remotes!.received(slot, isDirect, length, now);
    this.#silenceWatch.packetArrived(now);
    this.#peering!.packetArrived(slot, isDirect, bytes, offset, length, now);
  }

  /**
   * Whether packets like the last one that arrived have no other effect than that they are counted.
   *
   * @param slot - the slot of their source, or -1
   * @param offset - of the next of them, as it came
   */
  arrivesAlike(
    slot: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    now: number,
  ): boolean {
    return slot === NO_SLOT || this.#peering!.arrivesAlike(slot, isDirect, bytes, offset, now);
  }

  /** A run of packets arrived that {@link arrivesAlike} was said of. */
  runArrived(slot: number, isDirect: boolean, length: number, size: number, now: number): void {
    if (slot === NO_SLOT) return;
    for (let done = 0; done < length; done += size) {
      this.#remotes!.received(slot, isDirect, Math.min(size, length - done), now);
    }
  }

  /**
   * Whether an address of which there is no remote may become one's.
   *
   * @param at - offset of the address
   */
  mayCreate(bytes: Uint8Array, at: number): boolean {
    if (this.#isIdle || !this.#host.isInterpretable(bytes, at)) return false;
    const { layout } = this.#host;
    return (
      !layout.isOpaque(bytes, at) &&
      !(layout.hasLanip && layout.readLanip(bytes, at) === ROUTER_LANIP)
    );
  }

  /**
   * Whether the holder of an address answered us from this private endpoint of our local network before,
   * under whichever prefix: an endpoint behind our NAT is one computer's, whatever router it names. While
   * we ask there, packets may come already.
   */
  isLanEndpointOf(
    bytes: Uint8Array,
    offset: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): boolean {
    const remotes = this.#remotes;
    if (remotes === null) return false;
    if (remotes.wasSeenOnLan(bytes, offset, from)) return true;
    const slot = this.find(bytes, offset);
    return slot !== NO_SLOT && this.#peering!.isOnTrial(slot, from, now);
  }

  /**
   * A valid Neighbor Solicitation came directly, or, `isOnLan`, from where its source can be on our local
   * network.
   *
   * @param length - bytes of the solicitation
   * @returns whether it was answered
   */
  solicited(
    solicitation: NeighborSolicitation,
    isOnLan: boolean,
    from: Readonly<UdpEndpoint>,
    length: number,
    answer: SolicitedAnswer,
    now: number,
  ): boolean {
    // Who solicits without a nonce repeats none, so that nothing could prove where it is.
    if (isOnLan && nonceOf(solicitation) === null) return false;
    const slot = this.#isIdle ? NO_SLOT : this.#soliciting(solicitation.source, now);
    if (slot === NO_SLOT) {
      if (!isOnLan) answer.send();
      return !isOnLan;
    }
    const remotes = this.#remotes!;
    remotes.signaled(slot, now);
    remotes.credit.earn(slot, length + OUTER_HEADERS);
    return this.#peering!.solicited(slot, isOnLan, from, answer, now);
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
   * @param hasMoved - whether we are seen at another endpoint than before, so that no confirmation
   * holds any more
   */
  addressesChanged(hasMoved: boolean, now: number): void {
    const remotes = this.#remotes;
    if (remotes === null) return;
    remotes.forEach((slot) => {
      const address = remotes.address(slot);
      if (!this.#host.isOwn(address) && this.#host.isInterpretable(address, 0)) return;
      remotes.remove(slot);
    });
    if (hasMoved) this.#peering!.networkChanged(now);
  }

  /** Our local network changed. */
  localSubnetsChanged(): void {
    this.#peering?.localSubnetsChanged();
  }

  /** Removes all remotes. */
  clear(): void {
    this.#remotes = null;
    this.#peering = null;
    this.#silenceWatch.stop();
    this.#sweepAt = DISTANT_FUTURE;
  }

  handleTimeout(now: number): void {
    const peering = this.#peering;
    if (peering === null) return;
    if (peering.nextTimeout() <= now) peering.handleTimeout(now);
    if (this.#sweepAt <= now) this.#sweep(now);
    // The sweep may have removed the last remote.
    if (this.#remotes !== null) this.#silenceWatch.handleTimeout(this.#remotes, this, now);
  }

  remoteSilent(slot: number, now: number): void {
    this.#peering!.remoteSilent(slot, now);
  }

  silence(mayAsk: boolean, now: number): void {
    this.#host.silence(mayAsk, now);
  }

  nextTimeout(): number {
    const peering = this.#peering;
    if (peering === null) return DISTANT_FUTURE;
    return Math.min(peering.nextTimeout(), this.#sweepAt, this.#silenceWatch.nextTimeout());
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
    return slots.map((slot) => remotes.snapshot(slot, now));
  }

  /** The remote with the IPv6 address at `offset` and its path at this moment, or null. */
  snapshotOf(bytes: Uint8Array, offset: number, now: number): RemoteSnapshot | null {
    const slot = this.find(bytes, offset);
    return slot === NO_SLOT ? null : this.#remotes!.snapshot(slot, now);
  }

  #soliciting(source: Uint8Array, now: number): number {
    const slot = this.find(source, 0);
    return slot === NO_SLOT ? this.#create(source, 0, false, now) : slot;
  }

  /** Takes a slot for a remote, if its address encodes an endpoint that we may talk to. */
  #create(bytes: Uint8Array, at: number, isSentTo: boolean, now: number): number {
    const { kind, maxRemotes } = this.#chosen;
    const host = this.#host;
    if (kind === null) return NO_SLOT;
    const { layout } = host;
    if (!this.mayCreate(bytes, at)) return NO_SLOT;
    const endpoint = this.#encoded;
    layout.readEndpoint(bytes, at, endpoint);
    if (!host.accepts(endpoint) || host.isOurselves(bytes, at, endpoint)) return NO_SLOT;
    if (this.#remotes === null) {
      const { random } = host;
      this.#remotes = new Remotes(layout, kind.key, maxRemotes, random, (change) => {
        host.pathChanged(change);
      });
      this.#peering = kind.make(host, this.#remotes);
      this.#remotes.attach(this.#peering);
    }
    const slot = isSentTo
      ? this.#remotes.createDestination(bytes, at - DESTINATION_OFFSET, endpoint, now)
      : this.#remotes.createSource(bytes, at, endpoint, now);
    if (slot === NO_SLOT) {
      host.remoteRefused();
      return NO_SLOT;
    }
    if (this.#sweepAt === DISTANT_FUTURE) this.#sweepAt = now + REMOTE_IDLE;
    this.#peering!.created(slot, host.isInvitation(bytes, at), now);
    return slot;
  }

  /** Removes remotes that were idle for long. */
  #sweep(now: number): void {
    const remotes = this.#remotes!;
    let next = DISTANT_FUTURE;
    remotes.forEach((slot) => {
      const goesAt = remotes.lastUsedAt(slot) + REMOTE_IDLE;
      if (goesAt > now) {
        next = Math.min(next, goesAt);
        return;
      }
      remotes.remove(slot);
    });
    this.#sweepAt = next;
    if (remotes.size === 0) this.clear();
  }
}

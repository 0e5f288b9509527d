import { type Dialect, isIPv6Routable, UdpEndpoint } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  hidesNd,
  isNd,
  NO_SLOT,
  SOURCE_OFFSET,
  setTrafficClass,
  trafficClass,
} from '@6bed4/nd';
import { ROUTER_QUIET } from '../defaults.js';
import type { SendOutcome } from '../machine/machineCore.js';
import type { MachineOutput } from '../machine/output.js';
import { followHeader, keepsSource, packetsIn } from '../machine/run.js';
import { flowKey } from '../packet/rateLimiter.js';
import { refuseTransit } from '../packet/transit.js';
import type { PathFinder } from '../peering/pathFinder.js';
import { NextHop, type NextHopCode } from '../peering/peering.js';
import type { SendIntent } from '../peering/sendIntent.js';
import { flagOf, withFlag } from '../peering/trafficClassPolicy.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { PeerParts } from './peerParts.js';
import type { Uplink } from './uplink.js';
import type { Uplinks } from './uplinks.js';

/**
 * Sends the packets of the local side into the tunnel: checks their addresses, decides whether each goes
 * directly or through a router, and reports an error to the local side when it goes nowhere.
 */
export class PacketSender {
  readonly #uplinks: Uplinks;
  readonly #paths: PathFinder;
  readonly #output: MachineOutput;
  readonly #trapeziumNeeds6bed4: boolean;
  readonly #trafficClass: Dialect['trafficClass'];
  /** Whether the strategy writes the Seen flag into packets to remotes. */
  readonly #reportsSeen: boolean;
  /** The remote endpoint of the packet at hand, if it goes directly; written over for each. */
  readonly #to = new UdpEndpoint();
  /** The way of the last packet: its uplink, the remote that was found and the one that it went to. */
  #lastUplink: Uplink | null = null;
  #lastFound = NO_SLOT;
  #lastRemote = NO_SLOT;
  #lastHop: NextHopCode = NextHop.unreachable;

  constructor({ settings, uplinks, paths, output }: PeerParts) {
    this.#trapeziumNeeds6bed4 = settings.profile.dialect.trapeziumNeeds6bed4;
    this.#trafficClass = settings.trafficClass;
    this.#reportsSeen = settings.peering.name === 'probe-and-seen';
    this.#uplinks = uplinks;
    this.#paths = paths;
    this.#output = output;
  }

  /** Sends one whole IPv6 packet. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    intent: SendIntent,
    now: number,
  ): SendOutcome {
    if (isNd(bytes, offset, length) || hidesNd(bytes, offset, length)) return Drop.ndUnexpected;
    const paths = this.#paths;
    const uplinks = this.#uplinks;
    const source = offset + SOURCE_OFFSET;
    const destination = offset + DESTINATION_OFFSET;
    const remote = paths.find(bytes, destination);
    if (remote < 0 && !isIPv6Routable(bytes, destination)) return Drop.destinationNotAllowed;
    const uplink =
      remote < 0 ? uplinks.owningOnly(bytes, source, destination) : uplinks.owning(bytes, source);
    if (uplink === null && !paths.isBoundAddress(remote, bytes, source)) {
      return uplinks.owning(bytes, source) === null ? Drop.sourceNotAllowed : Drop.loop;
    }
    let outcome: SendOutcome = refuseTransit(bytes, offset, length);
    if (outcome === Drop.none) {
      outcome = this.#forward(uplink, remote, bytes, offset, length, intent, now);
    }
    if (outcome > Drop.none) {
      this.#tellLocalSide(outcome as DropCode, uplink, bytes, offset, length, now);
    }
    return outcome;
  }

  /**
   * Sends a run of packets like the one that {@link send} just sent.
   *
   * @returns false, with nothing done, unless all of them go its way without any other effect
   */
  repeat(bytes: Uint8Array, offset: number, length: number, size: number, now: number): boolean {
    const paths = this.#paths;
    const remote = this.#lastRemote;
    const isDirect = this.#lastHop === NextHop.direct;
    const uplink = this.#lastUplink;
    if (!keepsSource(bytes, offset, size)) return false;
    // With a new remote, others may be looked up than before.
    if (this.#lastFound === NO_SLOT && paths.mayCreate(bytes, offset + DESTINATION_OFFSET)) {
      return false;
    }
    if (!paths.routesAlike(remote, isDirect, now)) return false;
    if (!isDirect && (uplink === null || this.#isWatched(uplink, remote, bytes, offset))) {
      return false;
    }
    followHeader(bytes, offset, length, size);
    paths.sentRun(remote, isDirect, packetsIn(length, size), now);
    this.#output.sendRun(isDirect ? this.#to : uplink!.endpoint, bytes, offset, length, size);
    return true;
  }

  /** Whether packets that a router relays are counted, as a reason to ask another one. */
  #isWatched(uplink: Uplink, remote: number, bytes: Uint8Array, offset: number): boolean {
    return (
      this.#paths.isOutbound(remote) &&
      this.#uplinks.watchesRelayed(uplink, bytes, offset + DESTINATION_OFFSET)
    );
  }

  /** The one place that decides whether a packet goes directly or through the router (draft-04 §4.1). */
  #forward(
    uplink: Uplink | null,
    found: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    intent: SendIntent,
    now: number,
  ): SendOutcome {
    const paths = this.#paths;
    const to = this.#to;
    let remote = found < 0 ? paths.createDestination(bytes, offset, now) : found;
    if (this.#trapeziumNeeds6bed4 && this.#isRefusedThere(uplink, bytes, offset)) remote = NO_SLOT;
    // Adaptive until here, the flag would be Seen from here on, and that is for the strategy to say.
    if ((remote < 0 || !this.#reportsSeen) && flagOf(trafficClass(bytes, offset))) {
      this.#clearFlag(bytes, offset);
    }
    const name = intent.opportunistic ? paths.sendOpportunistic(remote, to, now) : 0;
    const nextHop =
      name === 0
        ? paths.route(remote, bytes, offset, length, to, intent.policy, now)
        : NextHop.direct;
    if (uplink?.temporary && paths.isOutbound(remote)) uplink.usedAt = now;
    this.#lastUplink = uplink;
    this.#lastFound = found;
    this.#lastRemote = remote;
    this.#lastHop = nextHop;
    if (nextHop !== NextHop.direct) {
      // An address under which one remote sees us means nothing to a router.
      if (nextHop === NextHop.unreachable || uplink === null) return Drop.noDirectPath;
      this.#relay(uplink, remote, bytes, offset, length, now);
      return Drop.none;
    }
    this.#output.send(to, bytes, offset, length);
    return name === 0 ? Drop.none : -name;
  }

  /** Whether a remote refuses our native address, as it is not one of the same router (draft-04 §4.2). */
  #isRefusedThere(uplink: Uplink | null, bytes: Uint8Array, offset: number): boolean {
    if (uplink === null) return false;
    const { is6bed4Prefixed, subnetPrefix } = uplink.lease!;
    return !is6bed4Prefixed && !subnetPrefix.contains(bytes, offset + DESTINATION_OFFSET);
  }

  /** Clears the flag in the traffic class, where its receiver may take it for Seen (draft-04 §6). */
  #clearFlag(bytes: Uint8Array, offset: number): void {
    const isRead =
      this.#trafficClass === 'peering' ||
      (this.#trafficClass === 'no-seen' &&
        this.#uplinks.isInterpretable(bytes, offset + DESTINATION_OFFSET));
    if (isRead) setTrafficClass(bytes, offset, withFlag(trafficClass(bytes, offset), false));
  }

  #relay(
    uplink: Uplink,
    remote: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    uplink.lastSentAt = now;
    this.#output.send(uplink.endpoint, bytes, offset, length);
    // What a stranger makes the local side answer is no reason to solicit a router, nor the one that he names.
    const isOutbound = this.#paths.isOutbound(remote);
    if (now - uplink.lastReceivedAt >= ROUTER_QUIET && (isOutbound || remote === NO_SLOT)) {
      this.#uplinks.sentInSilence(uplink, now);
    }
    if (isOutbound) {
      this.#uplinks.packetRelayed(uplink, bytes, offset + DESTINATION_OFFSET, now);
    }
  }

  #tellLocalSide(
    drop: DropCode,
    uplink: Uplink | null,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const lease = uplink?.lease ?? this.#uplinks.firstLease();
    if (lease === null) return;
    const key = flowKey(bytes, offset);
    const { errorSource } = lease;
    const error = this.#output.errorAbout(drop, errorSource, bytes, offset, length, key, now);
    if (error !== null) this.#output.deliver(error, 0, error.length);
  }
}

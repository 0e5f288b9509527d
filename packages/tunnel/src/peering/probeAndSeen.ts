import { UdpEndpoint } from '@6bed4/codec';
import { Deadlines, grown, NO_SLOT, setTrafficClass, trafficClass } from '@6bed4/nd';
import { ANSWER_PROBE_INTERVAL, FAIL_IDLE, HEARD_TIME, OPENING_TTL } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Confirmation, Path } from '../report/path.js';
import { MIN_MAPPING_TIMEOUT, OUTER_HEADERS, SEEN_LIFETIME } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import { BoundPrefixes } from './boundPrefixes.js';
import {
  NextHop,
  type NextHopCode,
  type Peering,
  type PeeringHost,
  type SolicitedAnswer,
} from './peering.js';
import { type PeerNatState, peerNatStates } from './peerNatStates.js';
import type { RemotePaths } from './remotePaths.js';
import type { Remotes, SearchProgress } from './remotes.js';
import {
  flagOf,
  Policy,
  type PolicyCode,
  policyOf,
  speaksOfPeering,
  withFlag,
  withPolicy,
} from './trafficClassPolicy.js';

const NOTHING = new Uint8Array();
/** A Seen flag in every packet does not set the timers anew each time. */
const RENEWAL_INTERVAL = 1_000;
/** Who sent something within this many milliseconds is still sending. */
const STILL_SENDING = 1_000;

const STATES = Object.keys(peerNatStates) as PeerNatState[];
const NO_STATE = 255;
const INIT = STATES.indexOf('init');
const INIT_AGAIN = STATES.indexOf('init-again');
const PEER = STATES.indexOf('peer');
const FAIL = STATES.indexOf('fail');
/** States that last equally long share a kind of deadline. */
const DURATIONS = [peerNatStates.init.lasts, peerNatStates.peer.lasts];
const KINDS = STATES.map((state) => DURATIONS.indexOf(peerNatStates[state].lasts));

/** Options of {@link ProbeAndSeenPeering}. */
export interface ProbeAndSeenOptions {
  /** Time for which NATs and firewalls on our side keep an idle UDP mapping, in milliseconds. */
  readonly mappingTimeout: number;
  /** Adapt the source of packets whose sender allows that (draft-04 §7.8). */
  readonly adaptive: boolean;
}

/**
 * Direct paths by probes and the Seen flag (draft-04 §6, §7). A probe is an empty datagram sent directly
 * to the remote. A peer that receives anything directly reports it by a flag in the traffic class of the packets
 * that it sends anyway, on whichever path, and that flag lets the other side send directly for 27 s.
 * Probes are sent by the states of {@link peerNatStates}, which the first packet enters.
 *
 * As long as nothing comes from the remote, the probe of the first state only opens our own NAT, for the
 * reason that stands at NatOpenings: the remote's probe may arrive first, and what comes shows that ours may.
 *
 * The sender of a packet chooses by its traffic class how much it relies on the direct path, and
 * whether the source address may be adapted to what the remote sees.
 *
 * A Seen flag is accepted only if we did send something directly to that remote lately; a forged one can
 * then move packets to the remote's own endpoint and nowhere else.
 */
export class ProbeAndSeenPeering implements Peering {
  readonly name = 'probe-and-seen';
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #paths: RemotePaths;
  readonly #mappingTimeout: number;
  readonly #bound: BoundPrefixes;
  #states = new Uint8Array();
  readonly #deadlines: Deadlines;
  /** Time at which something last went directly to a remote, in milliseconds. */
  #directAt = new Float64Array();
  /** Until when we report that direct traffic arrives. */
  #seenUntil = new Float64Array();
  /** Time at which a Seen flag last set the timers. */
  #renewedAt = new Float64Array();
  /** Time at which direct traffic was last answered by a probe out of turn. */
  #answeredAt = new Float64Array();
  /** 1 while our probes only opened our own NAT. */
  #onlyOpened = new Uint8Array();
  readonly #to = new UdpEndpoint();
  readonly #scratch = new Uint8Array(16);

  constructor(host: PeeringHost, remotes: Remotes, options: ProbeAndSeenOptions) {
    this.#host = host;
    this.#remotes = remotes;
    this.#paths = remotes.paths;
    this.#mappingTimeout = options.mappingTimeout;
    this.#bound = new BoundPrefixes(host, remotes, options.adaptive);
    this.#deadlines = new Deadlines(remotes.capacity, DURATIONS);
    this.grow(remotes.capacity);
  }

  grow(capacity: number): void {
    this.#states = grown(this.#states, capacity, NO_STATE);
    this.#directAt = grown(this.#directAt, capacity);
    this.#seenUntil = grown(this.#seenUntil, capacity);
    this.#renewedAt = grown(this.#renewedAt, capacity);
    this.#answeredAt = grown(this.#answeredAt, capacity);
    this.#onlyOpened = grown(this.#onlyOpened, capacity);
    this.#deadlines.grow(capacity);
    this.#bound.grow(capacity);
  }

  created(slot: number, isInvitation: boolean, now: number): void {
    this.#restart(slot);
    if (!isInvitation) return;
    this.#enter(slot, PEER, now, false);
    this.#paths.invite(slot, now + SEEN_LIFETIME);
  }

  isSearching(slot: number): boolean {
    const state = this.#states[slot];
    return state === INIT || state === INIT_AGAIN;
  }

  search(slot: number): SearchProgress {
    const state = this.#states[slot];
    return {
      state: state === NO_STATE ? 'idle' : state === FAIL ? 'failed' : 'trying',
      failures: null,
      triedAt: this.#directAt[slot]!,
      // The next probe is a matter of time, not of packets.
      retryAt: DISTANT_PAST,
    };
  }

  removed(slot: number): void {
    this.#leave(slot);
  }

  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    requested: PolicyCode | null,
    now: number,
  ): NextHopCode {
    // On this wire, the packet itself says it (draft-04 §6).
    if (requested !== null) writePolicy(bytes, offset, requested);
    const wanted = trafficClass(bytes, offset);
    const policy = policyOf(wanted);
    if (speaksOfPeering(wanted)) this.#report(slot, bytes, offset, wanted, now);
    if (policy === Policy.prohibited) return NextHop.router;
    const wants = policy === Policy.presumptuous || policy === Policy.persistent;
    if (this.#states[slot] === NO_STATE) this.#enter(slot, INIT, now, !wants);
    const isDirect = this.#paths.isValid(slot, now) || this.#isTried(slot, policy);
    if (isDirect && this.#bound.fitsSource(slot, wanted, bytes, offset, length)) {
      this.#directAt[slot] = now;
      return NextHop.direct;
    }
    return policy === Policy.persistent ? NextHop.unreachable : NextHop.router;
  }

  /** All that a packet changes here, it changes before its own way is chosen. */
  routesAlike(): boolean {
    return true;
  }

  /** An application chooses the presumptuous policy for that, in the packet. */
  sendOpportunistic(): number {
    return 0;
  }

  replyReported(): boolean {
    return false;
  }

  packetArrived(
    slot: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    _length: number,
    now: number,
  ): void {
    const value = trafficClass(bytes, offset);
    if (flagOf(value)) {
      this.#seen(slot, now);
      // To the local side, this bit means something else: an echo reply would hand it back as Adaptive.
      setTrafficClass(bytes, offset, withFlag(value, false));
    }
    if (isDirect) this.#directArrived(slot, now);
    else if (this.#onlyOpened[slot] === 1) this.#probe(slot, false, now);
  }

  arrivesAlike(
    slot: number,
    _isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    now: number,
  ): boolean {
    // The probe that answers the first packet can make the flag of the second one credible.
    return !flagOf(trafficClass(bytes, offset)) || !this.#isNews(slot, now);
  }

  solicited(
    slot: number,
    _isOnLan: boolean,
    _from: Readonly<UdpEndpoint>,
    answer: SolicitedAnswer,
    now: number,
  ): boolean {
    const isAnswered = this.#remotes.credit.charge(slot, answer.length + OUTER_HEADERS);
    if (isAnswered) answer.send();
    this.#directArrived(slot, now);
    return isAnswered;
  }

  isOnTrial(): boolean {
    return false;
  }

  advertised(): DropCode {
    return Drop.ndUnexpected;
  }

  redirected(): DropCode {
    return Drop.ndUnexpected;
  }

  probed(from: Readonly<UdpEndpoint>, now: number): void {
    const slot = this.#slotAt(from);
    if (slot === NO_SLOT) return;
    this.#remotes.credit.grant(slot, OUTER_HEADERS);
    this.#remotes.signaled(slot, now);
    this.#directArrived(slot, now);
  }

  prefixOffered(
    offer: Offer,
    nonce: Uint8Array | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const slot = this.#slotAt(from);
    // Only a remote that received something directly can see us at another endpoint than our address encodes.
    if (slot === NO_SLOT || !this.#isMapped(slot, now)) return Drop.advertisementRefused;
    return this.#bound.offered(slot, offer, nonce, now);
  }

  ownsBound(slot: number, bytes: Uint8Array, at: number): boolean {
    return this.#bound.owns(slot, bytes, at);
  }

  remoteSilent(slot: number, now: number): void {
    // Whoever goes on sending takes the router until the remote has seen something of it again.
    if (now - this.#remotes.lastSentAt(slot) <= STILL_SENDING && this.#paths.isValid(slot, now)) {
      this.#paths.expire(slot);
      this.#renewedAt[slot] = DISTANT_PAST;
    }
    if (this.#states[slot] !== NO_STATE) this.#probe(slot, false, now);
  }

  networkChanged(): void {
    this.#remotes.forEach((slot) => {
      this.#paths.expire(slot);
      this.#leave(slot);
      this.#restart(slot);
    });
  }

  localSubnetsChanged(): void {}

  handleTimeout(now: number): void {
    const deadlines = this.#deadlines;
    for (let slot = deadlines.take(now); slot !== NO_SLOT; slot = deadlines.take(now)) {
      this.#lasted(slot, now);
    }
  }

  nextTimeout(): number {
    return this.#deadlines.next();
  }

  /** Begins with a remote, or anew with it after our network changed. */
  #restart(slot: number): void {
    this.#states[slot] = NO_STATE;
    this.#directAt[slot] = DISTANT_PAST;
    this.#seenUntil[slot] = DISTANT_PAST;
    this.#renewedAt[slot] = DISTANT_PAST;
    this.#answeredAt[slot] = DISTANT_PAST;
    this.#onlyOpened[slot] = 0;
    this.#bound.restart(slot);
  }

  /** Reports to a remote, in the traffic class of a packet to it, whether direct traffic arrives. */
  #report(slot: number, bytes: Uint8Array, offset: number, wanted: number, now: number): void {
    const reported = withFlag(wanted, now <= this.#seenUntil[slot]!);
    if (reported !== wanted) setTrafficClass(bytes, offset, reported);
  }

  /** Whether a packet is to go directly though that path is not confirmed. */
  #isTried(slot: number, policy: PolicyCode): boolean {
    const state = this.#states[slot]!;
    if (policy === Policy.persistent) return state !== FAIL;
    return policy === Policy.presumptuous && (state === INIT || state === INIT_AGAIN);
  }

  /** A state has lasted long enough. */
  #lasted(slot: number, now: number): void {
    const next = STATES.indexOf(peerNatStates[STATES[this.#states[slot]!]!].next);
    if (next !== FAIL) {
      this.#enter(slot, next, now, true);
      return;
    }
    // The confirmation lasted no longer than the states since.
    this.#paths.giveUp(slot);
    if (now - this.#remotes.lastSentAt(slot) >= FAIL_IDLE) this.#states[slot] = NO_STATE;
    else this.#enter(slot, FAIL, now, true);
  }

  #enter(slot: number, state: number, now: number, probing: boolean): void {
    this.#states[slot] = state;
    this.#onlyOpened[slot] = 0;
    this.#deadlines.set(slot, KINDS[state]!, now);
    if (!probing || !peerNatStates[STATES[state]!].probes) return;
    const isHeard = now - this.#remotes.lastReceivedAt(slot) < HEARD_TIME;
    this.#probe(slot, state === INIT && !isHeard, now);
  }

  #leave(slot: number): void {
    this.#deadlines.clear(slot);
    this.#states[slot] = NO_STATE;
    this.#onlyOpened[slot] = 0;
  }

  /** @param onlyOpens - whether the probe is to open our own NAT and arrive nowhere */
  #probe(slot: number, onlyOpens: boolean, now: number): void {
    this.#onlyOpened[slot] = onlyOpens ? 1 : 0;
    if (!this.#remotes.credit.charge(slot, OUTER_HEADERS)) return;
    this.#directAt[slot] = now;
    this.#paths.readEncodedEndpoint(slot, this.#to);
    this.#host.send(this.#to, NOTHING, 0, onlyOpens ? OPENING_TTL : 0);
  }

  /** The remote reports that it saw direct traffic of ours (draft-04 §7.3). */
  #seen(slot: number, now: number): void {
    if (!this.#isNews(slot, now)) return;
    this.#renewedAt[slot] = now;
    this.#enter(slot, PEER, now, false);
    this.#paths.readEncodedEndpoint(slot, this.#to);
    const validUntil = now + SEEN_LIFETIME;
    this.#paths.confirm(slot, Path.direct, this.#to, Confirmation.seen, validUntil, now);
  }

  /** Whether a Seen flag of a remote sets the timers anew. */
  #isNews(slot: number, now: number): boolean {
    return this.#isMapped(slot, now) && now - this.#renewedAt[slot]! >= RENEWAL_INTERVAL;
  }

  /**
   * Something came directly from a remote, which is reported to it while our own mapping is fresh
   * (draft-04 §7.3).
   */
  #directArrived(slot: number, now: number): void {
    if (this.#onlyOpened[slot] === 1) {
      this.#probe(slot, false, now);
    } else if (
      this.#states[slot] === FAIL &&
      now - this.#answeredAt[slot]! >= ANSWER_PROBE_INTERVAL
    ) {
      // Our next probe could be 25 s away, and without it we could not report anything.
      this.#answeredAt[slot] = now;
      this.#probe(slot, false, now);
    }
    this.#seenUntil[slot] = this.#directAt[slot]! + this.#mappingTimeout - MIN_MAPPING_TIMEOUT;
  }

  /** Whether our NAT still lets in what a remote sends to the endpoint that we last sent from. */
  #isMapped(slot: number, now: number): boolean {
    return now - this.#directAt[slot]! <= this.#mappingTimeout;
  }

  /** The slot of the remote at an endpoint, or -1. */
  #slotAt(from: Readonly<UdpEndpoint>): number {
    const { layout } = this.#host;
    if (!layout.acceptsPort(from.port)) return NO_SLOT;
    // Remotes are identified by endpoint here, so the upper half does not matter, nor which lanip.
    layout.writeUnchecked(this.#scratch, 0, from.address, from.port, layout.maxLanip);
    return this.#remotes.find(this.#scratch, 0);
  }
}

function writePolicy(bytes: Uint8Array, offset: number, policy: PolicyCode): void {
  setTrafficClass(bytes, offset, withPolicy(trafficClass(bytes, offset), policy));
}

import { UdpEndpoint } from '@6bed4/codec';
import { buildNd, Deadlines, SOURCE_OFFSET, setTrafficClass, trafficClass } from '@6bed4/nd';
import { sameSegment } from '../address/subnetPrefix.js';
import { ALL_ROUTERS, UNSPECIFIED } from '../address/wellKnownAddresses.js';
import { ANSWER_PROBE_INTERVAL, BINDING_INTERVAL, FAIL_IDLE } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { adaptSource } from '../packet/adaptiveSource.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Path, type PathCode, Proof } from '../report/path.js';
import { LEAST_HOLE_TIME, OUTER_HEADERS, SEEN_LIFETIME } from '../specification.js';
import { attemptOf, NONCE_LENGTH, writeNonce } from './nonce.js';
import { type Peering, type PeeringHost, Route, type RouteCode } from './peering.js';
import { type PeerNatState, peerNatStates } from './peerNatStates.js';
import {
  flagOf,
  Policy,
  type PolicyCode,
  policyOf,
  speaksOfPeering,
  withFlag,
  withPolicy,
} from './trafficClassPolicy.js';

const LONG_AGO = Number.NEGATIVE_INFINITY;
const NO_SLOT = -1;
const NOTHING = new Uint8Array(0);
/** A Seen flag in every packet does not set the timers anew each time. */
const RENEWAL_INTERVAL = 1_000;

const STATES = Object.keys(peerNatStates) as PeerNatState[];
const NO_STATE = 255;
const INIT = STATES.indexOf('init');
const INIT_AGAIN = STATES.indexOf('init-again');
const PEER = STATES.indexOf('peer');
const FAIL = STATES.indexOf('fail');
const LONG_STATES = STATES.map((state) => peerNatStates[state].lasts > peerNatStates.init.lasts);

/** What {@link ProbeAndSeenPeering} can be told. */
export interface ProbeAndSeenOptions {
  /** How long NATs and firewalls on our side keep a silent UDP flow, in milliseconds. */
  readonly holeTime: number;
}

/**
 * Direct paths by probes and the Seen flag (draft-04 §6, §7). A probe is an empty datagram straight to
 * the remote. Who receives something straight tells so by a flag in the traffic class of the packets
 * that it sends anyway, whichever way they go, and that flag lets the other side send direct for 27 s.
 *
 * The sender of a packet chooses by its traffic class how much it relies on the direct path, and
 * whether the source address may be adapted to what the remote sees.
 *
 * A Seen flag is believed only if we did send something direct to that remote lately; one that is
 * forged can then move packets to the remote's own endpoint and nowhere else.
 */
export class ProbeAndSeenPeering implements Peering {
  readonly name = 'probe-and-seen';
  readonly #host: PeeringHost;
  readonly #holeTime: number;
  /** The column of {@link Remotes}, at hand for every packet. */
  readonly #usableUntil: Float64Array;
  readonly #states: Uint8Array;
  readonly #short: Deadlines;
  readonly #long: Deadlines;
  /** When something last went direct, in milliseconds. */
  readonly #directAt: Float64Array;
  /** Until when we tell that direct traffic arrives. */
  readonly #seenUntil: Float64Array;
  /** When a Seen flag last set the timers. */
  readonly #renewedAt: Float64Array;
  /** When direct traffic was last answered by a probe out of turn. */
  readonly #answeredAt: Float64Array;
  /** Our endpoint as this remote sees it, where it differs from what routers see; port 0 for none. */
  readonly #boundAddress: Int32Array;
  readonly #boundPort: Uint16Array;
  /** When we last asked the remote how it sees us, and the nonce in that question. */
  readonly #boundAskedAt: Float64Array;
  readonly #nonces: Uint8Array;
  readonly #to = new UdpEndpoint();
  readonly #scratch = new Uint8Array(16);

  constructor(host: PeeringHost, options: ProbeAndSeenOptions) {
    this.#host = host;
    this.#holeTime = options.holeTime;
    const { capacity } = host.remotes;
    this.#usableUntil = host.remotes.usableUntil;
    this.#states = new Uint8Array(capacity).fill(NO_STATE);
    this.#short = new Deadlines(capacity, peerNatStates.init.lasts);
    this.#long = new Deadlines(capacity, peerNatStates.peer.lasts);
    this.#directAt = new Float64Array(capacity);
    this.#seenUntil = new Float64Array(capacity);
    this.#renewedAt = new Float64Array(capacity);
    this.#answeredAt = new Float64Array(capacity);
    this.#boundAddress = new Int32Array(capacity);
    this.#boundPort = new Uint16Array(capacity);
    this.#boundAskedAt = new Float64Array(capacity);
    this.#nonces = new Uint8Array(capacity * NONCE_LENGTH);
  }

  met(slot: number, invited: boolean, now: number): void {
    this.#states[slot] = NO_STATE;
    this.#directAt[slot] = LONG_AGO;
    this.#seenUntil[slot] = LONG_AGO;
    this.#renewedAt[slot] = LONG_AGO;
    this.#answeredAt[slot] = LONG_AGO;
    this.#boundPort[slot] = 0;
    this.#boundAskedAt[slot] = LONG_AGO;
    if (!invited) return;
    this.#enter(slot, PEER, now, false);
    this.#host.remotes.usableUntil[slot] = now + SEEN_LIFETIME;
    this.#host.pathChanged(slot, Path.direct, Proof.invitation);
  }

  forgotten(slot: number): void {
    this.#leave(slot);
  }

  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    asked: PolicyCode | null,
    now: number,
  ): RouteCode {
    // On this wire, the packet itself says it (draft-04 §6).
    if (asked !== null) {
      setTrafficClass(bytes, offset, withPolicy(trafficClass(bytes, offset), asked));
    }
    const wanted = trafficClass(bytes, offset);
    const policy = policyOf(wanted);
    if (speaksOfPeering(wanted)) {
      const told = withFlag(wanted, now <= this.#seenUntil[slot]!);
      if (told !== wanted) setTrafficClass(bytes, offset, told);
    }
    if (policy === Policy.prohibited) return Route.router;
    const wants = policy === Policy.presumptuous || policy === Policy.persistent;
    if (this.#states[slot] === NO_STATE) this.#enter(slot, INIT, now, !wants);
    const isDirect = this.#goesDirect(slot, policy, now);
    if (isDirect && this.#fitSource(slot, flagOf(wanted), bytes, offset, length)) {
      this.#directAt[slot] = now;
      return Route.direct;
    }
    return policy === Policy.persistent ? Route.refused : Route.router;
  }

  /** Here an application chooses the presumptuous policy for that, in the packet. */
  play(): number {
    return 0;
  }

  playAnswered(): boolean {
    return false;
  }

  packetArrived(
    slot: number,
    via: PathCode,
    bytes: Uint8Array,
    offset: number,
    _length: number,
    now: number,
  ): void {
    const told = trafficClass(bytes, offset);
    if (flagOf(told)) {
      this.#sawUs(slot, now);
      // To the local side, this bit means something else: an echo reply would hand it back as Adaptive.
      setTrafficClass(bytes, offset, withFlag(told, false));
    }
    if (via !== Path.relayed) this.#directArrived(slot, now);
  }

  solicited(slot: number, _from: Readonly<UdpEndpoint>, now: number): void {
    this.#directArrived(slot, now);
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
    const { remotes } = this.#host;
    remotes.credit[slot]! += OUTER_HEADERS;
    remotes.lastReceivedAt[slot] = now;
    this.#directArrived(slot, now);
  }

  /**
   * Somebody who is no router of ours says how it sees us: a remote whose correction follows from what
   * we sent it (draft-04 §7.7). As anyone could say so, the remote is asked, and only its answer counts.
   */
  prefixOffered(
    offer: Offer,
    nonce: Uint8Array | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const slot = this.#slotAt(from);
    if (slot === NO_SLOT || now - this.#directAt[slot]! > this.#holeTime) {
      return Drop.advertisementRefused;
    }
    const own = this.#host.ownAddressFor(slot);
    if (own === null || !sameSegment(own.address, offer.base)) return Drop.advertisementRefused;
    if (nonce === null) {
      this.#askBinding(slot, now);
      return Drop.none;
    }
    const isAnswer =
      now - this.#boundAskedAt[slot]! < BINDING_INTERVAL &&
      attemptOf(this.#nonces, slot * NONCE_LENGTH, nonce) === 0;
    if (!isAnswer) return Drop.advertisementRefused;
    const { endpoint } = offer;
    const isUsual =
      endpoint.addressBits === own.endpoint.addressBits && endpoint.port === own.endpoint.port;
    this.#boundAddress[slot] = endpoint.addressBits;
    this.#boundPort[slot] = isUsual ? 0 : endpoint.port;
    return Drop.none;
  }

  ownsBound(slot: number, bytes: Uint8Array, at: number): boolean {
    const own = this.#host.ownAddressFor(slot);
    return (
      own !== null &&
      this.#boundPort[slot] !== 0 &&
      sameSegment(own.address, bytes, at) &&
      this.#host.layout.matchesEndpoint(bytes, at, this.#bound(slot))
    );
  }

  networkChanged(now: number): void {
    const { remotes } = this.#host;
    remotes.forEach((slot) => {
      remotes.usableUntil[slot] = LONG_AGO;
      this.#leave(slot);
      this.met(slot, false, now);
    });
  }

  handleTimeout(now: number): void {
    for (const deadlines of [this.#short, this.#long]) {
      for (let slot = deadlines.take(now); slot !== NO_SLOT; slot = deadlines.take(now)) {
        this.#lasted(slot, now);
      }
    }
  }

  nextTimeout(): number {
    return Math.min(this.#short.next(), this.#long.next());
  }

  #goesDirect(slot: number, policy: number, now: number): boolean {
    if (now < this.#usableUntil[slot]!) return true;
    const state = this.#states[slot]!;
    if (policy === Policy.persistent) return state !== FAIL;
    return policy === Policy.presumptuous && (state === INIT || state === INIT_AGAIN);
  }

  /**
   * Whether the remote will find the endpoint in our source that it sees us at; if the packet allows
   * that, its source is adapted (draft-04 §7.7, §7.8).
   */
  #fitSource(
    slot: number,
    isAdaptive: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    if (this.#boundPort[slot] === 0) return true;
    const { layout } = this.#host;
    const bound = this.#bound(slot);
    if (layout.matchesEndpoint(bytes, offset + SOURCE_OFFSET, bound)) return true;
    return isAdaptive && adaptSource(layout, bytes, offset, length, bound);
  }

  /** A state has lasted long enough. */
  #lasted(slot: number, now: number): void {
    const { remotes } = this.#host;
    const next = STATES.indexOf(peerNatStates[STATES[this.#states[slot]!]!].next);
    if (next !== FAIL) {
      this.#enter(slot, next, now, true);
      return;
    }
    if (remotes.usableUntil[slot]! <= now) this.#host.pathChanged(slot, Path.relayed, Proof.none);
    if (now - remotes.lastSentAt[slot]! >= FAIL_IDLE) this.#states[slot] = NO_STATE;
    else this.#enter(slot, FAIL, now, true);
  }

  #enter(slot: number, state: number, now: number, probing: boolean): void {
    const deadlines = LONG_STATES[state]! ? this.#long : this.#short;
    this.#leave(slot);
    this.#states[slot] = state;
    deadlines.set(slot, now);
    if (probing && peerNatStates[STATES[state]!].probes) this.#probe(slot, now);
  }

  #leave(slot: number): void {
    this.#short.remove(slot);
    this.#long.remove(slot);
    this.#states[slot] = NO_STATE;
  }

  #probe(slot: number, now: number): void {
    const { remotes } = this.#host;
    if (remotes.trusted[slot] === 0) {
      if (remotes.credit[slot]! < OUTER_HEADERS) return;
      remotes.credit[slot]! -= OUTER_HEADERS;
    }
    this.#directAt[slot] = now;
    this.#host.send(this.#remote(slot), NOTHING, 0, 0);
  }

  /** The remote told that it saw direct traffic of ours (draft-04 §7.3). */
  #sawUs(slot: number, now: number): void {
    if (now - this.#directAt[slot]! > this.#holeTime) return;
    if (now - this.#renewedAt[slot]! < RENEWAL_INTERVAL) return;
    const { remotes } = this.#host;
    this.#renewedAt[slot] = now;
    remotes.provedAt[slot] = now;
    remotes.usableUntil[slot] = now + SEEN_LIFETIME;
    this.#enter(slot, PEER, now, false);
    this.#host.pathChanged(slot, Path.direct, Proof.seen);
  }

  /** Something came straight from a remote: it is told so while our own hole is fresh (draft-04 §7.3). */
  #directArrived(slot: number, now: number): void {
    if (this.#states[slot] === FAIL && now - this.#answeredAt[slot]! >= ANSWER_PROBE_INTERVAL) {
      // Our next probe could be 25 s away, and without it we could not tell.
      this.#answeredAt[slot] = now;
      this.#probe(slot, now);
    }
    if (now - this.#directAt[slot]! <= this.#holeTime) {
      this.#seenUntil[slot] = this.#directAt[slot]! + this.#holeTime - LEAST_HOLE_TIME;
    }
  }

  #askBinding(slot: number, now: number): void {
    if (now - this.#boundAskedAt[slot]! < BINDING_INTERVAL) return;
    this.#boundAskedAt[slot] = now;
    const at = slot * NONCE_LENGTH;
    writeNonce(this.#nonces, at, this.#host.random);
    const question = buildNd({
      type: 'router-solicitation',
      source: UNSPECIFIED,
      destination: ALL_ROUTERS,
      options: [{ type: 'nonce', nonce: this.#nonces.slice(at, at + NONCE_LENGTH) }],
    });
    this.#host.send(this.#remote(slot), question, question.length, 0);
  }

  #slotAt(from: Readonly<UdpEndpoint>): number {
    const { layout, remotes } = this.#host;
    if (!layout.acceptsPort(from.port)) return NO_SLOT;
    // Remotes are told apart by endpoint here, so the upper half does not matter, nor which lanip.
    layout.writeUnchecked(this.#scratch, 0, from.address, from.port, layout.maxLanip);
    return remotes.find(this.#scratch, 0);
  }

  #remote(slot: number): UdpEndpoint {
    this.#to.address = this.#host.remotes.spelledAddress[slot]!;
    this.#to.port = this.#host.remotes.spelledPort[slot]!;
    return this.#to;
  }

  #bound(slot: number): UdpEndpoint {
    this.#to.address = this.#boundAddress[slot]!;
    this.#to.port = this.#boundPort[slot]!;
    return this.#to;
  }
}

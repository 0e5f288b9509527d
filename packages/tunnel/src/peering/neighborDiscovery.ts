import { isPrivate, UdpEndpoint } from '@6bed4/codec';
import { type NeighborAdvertisement, NeighborCache, type Redirect, SOURCE_OFFSET } from '@6bed4/nd';
import {
  ATTEMPT_RATE,
  ATTEMPT_WINDOW,
  ATTEMPTS,
  HINT_INTERVAL,
  LAN_SEARCH_INTERVAL,
  PROOF_LIFETIME,
  REDIRECT_INTERVAL,
  REFRESH_AFTER,
  RETRANSMISSION,
  RETRY_FIRST,
  RETRY_LONGEST,
} from '../defaults.js';
import { TokenBucket } from '../rateLimiter.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Path, type PathCode, Proof } from '../report/path.js';
import { ALL_HOSTS_IPV4, OUTER_HEADERS } from '../specification.js';
import { buildNeighborQuestion, NEIGHBOR_QUESTION_WEIGHT } from './neighborSolicitation.js';
import { attemptOf, NONCE_LENGTH, nonceOf, writeNonce } from './nonce.js';
import { Opportunism } from './opportunisticHandshakes.js';
import { type Peering, type PeeringHost, Route, type RouteCode } from './peering.js';
import { buildRedirect, isCredible } from './redirect.js';
import { Policy, type PolicyCode } from './trafficClassPolicy.js';

const NEVER = Number.POSITIVE_INFINITY;
const LONG_AGO = Number.NEGATIVE_INFINITY;
const NO_ENTRY = -1;
/** RFC 4861 knows no shorter delay than one that is over at once. */
const AT_ONCE = 1;
const ANSWERED = { solicited: true, override: true, sameLink: true } as const;

/** What {@link NeighborDiscoveryPeering} can be told. */
export interface NeighborDiscoveryOptions {
  /** Believe no Neighbor Advertisement without our nonce. */
  readonly requireNonce: boolean;
  /** Seconds after which an idle direct path is asked about, so that NATs keep it; 0 for never. */
  readonly directKeepalive: number;
  /** IPv4 TTL of the search on the local network; 0 for none. */
  readonly lanTtl: number;
  /** UDP port of that search. */
  readonly wellKnownPort: number;
  /** Send Redirects, and take them as hints (draft-01 §6.13). */
  readonly redirects: boolean;
  /** Send the first packet of TCP and SCTP handshakes straight (draft-03 §8.5, §8.6). */
  readonly opportunism: boolean;
}

/**
 * Direct paths by Neighbor Discovery (draft-01 §6.11, draft-03 §8.2): a Neighbor Solicitation straight
 * to the remote's endpoint, and only its answer proves the path. Data takes the router meanwhile.
 *
 * How a path lives, with the neighbor cache of RFC 4861 §7.3 doing the counting:
 *
 * - The first packet to a remote asks: three times, half a second apart. No answer: packets keep to
 *   the router, and a later packet asks again, after 2 s, 4 s, … up to a minute.
 * - An answer proves the path. It is used for 25 s from then: that is shorter than any NAT forgets.
 * - A packet that goes direct on a proof older than 5 s asks again beside it. One question without an
 *   answer, and packets take the router until there is one.
 * - What comes straight from a remote that we reach through the router is a hint to ask at once.
 */
export class NeighborDiscoveryPeering implements Peering {
  readonly name = 'neighbor-discovery';
  readonly #host: PeeringHost;
  readonly #options: NeighborDiscoveryOptions;
  readonly #cache: NeighborCache<number>;
  /** Limits the rows of questions, whoever causes them. */
  readonly #rows: TokenBucket;
  /** The column of {@link Remotes}, at hand for every packet. */
  readonly #usableUntil: Float64Array;
  /** Entry of the neighbor cache by slot. */
  readonly #entries: Int32Array;
  /** When a packet asks again, in milliseconds: on a usable path, and on none. */
  readonly #refreshAt: Float64Array;
  readonly #retryAt: Float64Array;
  /** Rows of questions in vain since the last answer. */
  readonly #failures: Uint8Array;
  readonly #nonces: Uint8Array;
  /** When the last question was sent, in milliseconds. */
  readonly #askedAt: Float64Array;
  /** When a hint last made us ask. */
  readonly #hintedAt: Float64Array;
  /** 1 for a remote that has answered with a nonce: it has no excuse not to do so again. */
  readonly #knowsNonces: Uint8Array;
  /** Private endpoint that answered on the local network, as yet unproved; port 0 for none. */
  readonly #candidateAddress: Int32Array;
  readonly #candidatePort: Uint16Array;
  /** When the candidate itself was asked, not just everyone. */
  readonly #candidateAskedAt: Float64Array;
  readonly #lanSearchAt: Float64Array;
  /** When a remote may be told again to send directly. */
  readonly #redirectAt: Float64Array;
  readonly #opportunism: Opportunism;
  readonly #to = new UdpEndpoint();
  readonly #everyone: UdpEndpoint;
  #keepaliveAt = NEVER;
  #now = LONG_AGO;

  constructor(host: PeeringHost, options: NeighborDiscoveryOptions) {
    this.#host = host;
    this.#options = options;
    const { capacity } = host.remotes;
    this.#cache = new NeighborCache<number>(
      {
        capacity,
        random: host.random,
        reachableTime: REFRESH_AFTER,
        delayFirstProbeTime: AT_ONCE,
        retransTimer: RETRANSMISSION,
        maxMulticastSolicit: ATTEMPTS,
        maxUnicastSolicit: ATTEMPTS,
      },
      {
        solicit: (entry, attempt) => this.#solicit(this.#cache.value(entry), attempt),
        unreachable: (entry) => this.#unanswered(this.#cache.value(entry)),
        evicted: () => {},
      },
    );
    this.#rows = new TokenBucket(ATTEMPT_RATE);
    this.#usableUntil = host.remotes.usableUntil;
    this.#entries = new Int32Array(capacity).fill(NO_ENTRY);
    this.#refreshAt = new Float64Array(capacity);
    this.#retryAt = new Float64Array(capacity);
    this.#failures = new Uint8Array(capacity);
    this.#nonces = new Uint8Array(capacity * NONCE_LENGTH);
    this.#askedAt = new Float64Array(capacity);
    this.#hintedAt = new Float64Array(capacity);
    this.#knowsNonces = new Uint8Array(capacity);
    this.#candidateAddress = new Int32Array(capacity);
    this.#candidatePort = new Uint16Array(capacity);
    this.#candidateAskedAt = new Float64Array(capacity);
    this.#lanSearchAt = new Float64Array(capacity);
    this.#redirectAt = new Float64Array(capacity);
    this.#opportunism = new Opportunism(capacity);
    this.#everyone = new UdpEndpoint(ALL_HOSTS_IPV4, options.wellKnownPort);
  }

  met(slot: number, invited: boolean, now: number): void {
    this.#entries[slot] = NO_ENTRY;
    this.#refreshAt[slot] = NEVER;
    this.#retryAt[slot] = LONG_AGO;
    this.#opportunism.reset(slot);
    this.#failures[slot] = 0;
    this.#askedAt[slot] = LONG_AGO;
    this.#hintedAt[slot] = LONG_AGO;
    this.#knowsNonces[slot] = 0;
    this.#candidatePort[slot] = 0;
    this.#lanSearchAt[slot] = LONG_AGO;
    this.#redirectAt[slot] = now + REDIRECT_INTERVAL;
    if (!invited) return;
    // Used at once, and asked about beside the first packet.
    this.#host.remotes.usableUntil[slot] = now + PROOF_LIFETIME;
    this.#refreshAt[slot] = now;
    this.#host.pathChanged(slot, Path.direct, Proof.invitation);
  }

  forgotten(slot: number): void {
    const entry = this.#entries[slot]!;
    if (entry !== NO_ENTRY) this.#cache.remove(entry);
    this.#entries[slot] = NO_ENTRY;
  }

  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    policy: PolicyCode | null,
    now: number,
  ): RouteCode {
    if (policy === Policy.prohibited) return Route.router;
    if (now < this.#usableUntil[slot]! && this.#fitsLan(slot, bytes, offset)) {
      if (now >= this.#refreshAt[slot]!) this.#ask(slot, now);
      return Route.direct;
    }
    if (now >= this.#retryAt[slot]!) {
      // Our own side wants to talk, as much as this packet is worth.
      this.#host.remotes.credit[slot]! += length + OUTER_HEADERS;
      this.#ask(slot, now);
    }
    if (policy === Policy.presumptuous || policy === Policy.persistent) {
      if (this.#isFirstSearch(slot, now)) return Route.direct;
      return policy === Policy.persistent ? Route.refused : Route.router;
    }
    const plays =
      this.#options.opportunism &&
      this.#failures[slot] === 0 &&
      this.#opportunism.plays(slot, bytes, offset, length, now);
    return plays ? Route.direct : Route.router;
  }

  /** Whether a path is being looked for, and neither was that in vain before nor is another one in use. */
  #isFirstSearch(slot: number, now: number): boolean {
    return (
      this.#entries[slot] !== NO_ENTRY &&
      this.#failures[slot] === 0 &&
      now >= this.#usableUntil[slot]!
    );
  }

  /**
   * On the local network, a remote knows us only by the endpoint in the address that we asked from. A
   * packet from an address that spells another one, by way of another router, would be refused.
   */
  #fitsLan(slot: number, bytes: Uint8Array, offset: number): boolean {
    const { remotes, layout } = this.#host;
    if (remotes.path[slot] !== Path.lan) return true;
    const own = this.#host.ownAddressFor(slot);
    return own !== null && layout.matchesEndpoint(bytes, offset + SOURCE_OFFSET, own.endpoint);
  }

  play(slot: number, now: number): number {
    if (now < this.#usableUntil[slot]! || this.#failures[slot]! > 0) return 0;
    return this.#opportunism.playFor(slot, now);
  }

  playAnswered(play: number, now: number): boolean {
    const slot = this.#opportunism.provedBy(play, now);
    if (slot < 0) return false;
    this.#proved(slot, Path.direct, this.#spelled(slot), null, now);
    return true;
  }

  packetArrived(
    slot: number,
    via: PathCode,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    if (now >= this.#usableUntil[slot]!) {
      if (via === Path.relayed) return;
      if (this.#opportunism.isProof(slot, bytes, offset, length, now)) {
        this.#proved(slot, Path.direct, this.#spelled(slot), null, now);
      } else {
        this.#hint(slot, now);
      }
    } else if (via === Path.relayed && this.#options.redirects) {
      this.#redirect(slot, bytes, offset, length, now);
    }
  }

  solicited(slot: number, from: Readonly<UdpEndpoint>, now: number): void {
    const { remotes } = this.#host;
    const isLan = this.#isLanEndpoint(slot, from);
    if (isLan && !(remotes.path[slot] === Path.lan && now < remotes.usableUntil[slot]!)) {
      this.#propose(slot, from);
      this.#askCandidate(slot, now);
    } else if (now >= remotes.usableUntil[slot]!) {
      this.#opportunism.heard(slot);
      this.#hint(slot, now);
    }
  }

  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { remotes } = this.#host;
    const slot = remotes.find(advertisement.target, 0);
    if (slot < 0 || now - this.#askedAt[slot]! > ATTEMPT_WINDOW) return Drop.ndUnexpected;
    const nonce = nonceOf(advertisement);
    let attempt = -1;
    if (nonce !== null) {
      attempt = attemptOf(this.#nonces, slot * NONCE_LENGTH, nonce);
      if (attempt < 0) return Drop.ndUnexpected;
      this.#knowsNonces[slot] = 1;
    } else if (this.#options.requireNonce || this.#knowsNonces[slot] === 1) {
      return Drop.ndUnexpected;
    }
    const isSpelled =
      from.addressBits === remotes.spelledAddress[slot] && from.port === remotes.spelledPort[slot];
    if (isSpelled) {
      // Where the local network is the path, the spelled endpoint is not asked.
      if (remotes.path[slot] === Path.lan) return Drop.ndUnexpected;
      this.#proved(slot, Path.direct, from, attempt, now);
      return Drop.none;
    }
    if (!this.#isLanEndpoint(slot, from)) return Drop.ndUnexpected;
    const isAsked =
      this.#candidateAskedAt[slot]! > LONG_AGO &&
      from.addressBits === this.#candidateAddress[slot] &&
      from.port === this.#candidatePort[slot];
    if (isAsked) {
      this.#proved(slot, Path.lan, from, attempt, now);
    } else {
      // It answered a question to everyone. The path itself is proved by a question on it.
      this.#propose(slot, from);
      this.#askCandidate(slot, now);
    }
    return Drop.none;
  }

  redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { layout, remotes, isOwn } = this.#host;
    if (!this.#options.redirects) return Drop.ndUnexpected;
    const slot = remotes.find(redirect.target, 0);
    if (slot < 0 || !isCredible(layout, redirect, from, isOwn)) return Drop.ndUnexpected;
    const isCandidate =
      from.addressBits === remotes.spelledAddress[slot] && from.port === remotes.spelledPort[slot];
    if (!isCandidate) return Drop.ndUnexpected;
    remotes.credit[slot]! += length + OUTER_HEADERS;
    if (now >= remotes.usableUntil[slot]!) this.#hint(slot, now);
    return Drop.none;
  }

  probed(): void {}

  prefixOffered(): DropCode {
    return Drop.advertisementRefused;
  }

  ownsBound(): boolean {
    return false;
  }

  networkChanged(now: number): void {
    this.#host.remotes.forEach((slot) => {
      this.#host.remotes.usableUntil[slot] = LONG_AGO;
      this.#host.remotes.lanPort[slot] = 0;
      this.forgotten(slot);
      const knew = this.#knowsNonces[slot]!;
      this.met(slot, false, now);
      this.#knowsNonces[slot] = knew;
    });
  }

  handleTimeout(now: number): void {
    this.#now = now;
    this.#cache.handleTimeout(now);
    if (now >= this.#keepaliveAt) this.#keepAlive(now);
  }

  nextTimeout(): number {
    return Math.min(this.#cache.nextTimeout(), this.#keepaliveAt);
  }

  /** Begins a row of questions to a remote. */
  #ask(slot: number, now: number): void {
    if (!this.#maySpend(slot)) return;
    const isRefresh = now < this.#host.remotes.usableUntil[slot]!;
    if (!isRefresh && !this.#rows.allows(now)) return;
    this.#now = now;
    this.#refreshAt[slot] = NEVER;
    this.#retryAt[slot] = NEVER;
    const entry = this.#entries[slot]!;
    if (entry !== NO_ENTRY) {
      this.#cache.sent(entry, now);
      return;
    }
    const { remotes } = this.#host;
    this.#entries[slot] = this.#cache.create(remotes.address(slot), 0, 'sent', slot, now);
  }

  /** Something came straight from a remote that we do not reach directly (draft-03 §8, §10.2). */
  #hint(slot: number, now: number): void {
    const interval = Math.min(HINT_INTERVAL * 2 ** this.#failures[slot]!, RETRY_LONGEST);
    if (now - this.#hintedAt[slot]! < interval) return;
    const { remotes } = this.#host;
    if (remotes.credit[slot]! < NEIGHBOR_QUESTION_WEIGHT) return;
    this.#now = now;
    this.#hintedAt[slot] = now;
    // A hint costs us credit even where scheduled questions do not: it can be forged.
    if (remotes.trusted[slot] === 1) remotes.credit[slot]! -= NEIGHBOR_QUESTION_WEIGHT;
    if (this.#retryAt[slot] === NEVER) {
      // A row is under way: its next question comes early.
      this.#sendQuestion(slot, this.#spelled(slot), 0);
    } else {
      this.#ask(slot, now);
    }
  }

  /** The neighbor cache wants a question sent. */
  #solicit(slot: number, attempt: number): void {
    const { remotes } = this.#host;
    const now = this.#now;
    if (attempt === 1) {
      writeNonce(this.#nonces, slot * NONCE_LENGTH, this.#host.random);
    } else if (now < remotes.usableUntil[slot]!) {
      // The path owes an answer: nothing is risked on it any more.
      remotes.usableUntil[slot] = now;
    }
    this.#nonces[slot * NONCE_LENGTH + NONCE_LENGTH - 1] = attempt;
    if (!this.#maySpend(slot)) return;
    this.#sendQuestion(slot, this.#current(slot), 0);
    if (remotes.path[slot] === Path.lan) return;
    if (this.#candidatePort[slot] !== 0) {
      this.#askCandidate(slot, now);
    } else if (this.#searchesLan(slot, now)) {
      this.#sendQuestion(slot, this.#everyone, this.#options.lanTtl);
    }
  }

  #sendQuestion(slot: number, to: Readonly<UdpEndpoint>, ttl: number): void {
    const own = this.#host.ownAddressFor(slot);
    if (own === null) return;
    const { remotes } = this.#host;
    const at = slot * NONCE_LENGTH;
    const nonce = this.#nonces.slice(at, at + NONCE_LENGTH);
    const question = buildNeighborQuestion(own.address, remotes.address(slot), nonce);
    if (remotes.trusted[slot] === 0) remotes.credit[slot]! -= NEIGHBOR_QUESTION_WEIGHT;
    this.#askedAt[slot] = this.#now;
    this.#host.send(to, question, question.length, ttl);
  }

  /**
   * Tells a remote that sends to us through the router, though we have proved the direct path, to use
   * it as well (draft-01 §6.13).
   */
  #redirect(slot: number, bytes: Uint8Array, offset: number, length: number, now: number): void {
    if (now < this.#redirectAt[slot]! || this.#host.remotes.path[slot] !== Path.direct) return;
    const own = this.#host.ownAddressFor(slot);
    if (own === null) return;
    this.#redirectAt[slot] = now + REDIRECT_INTERVAL;
    const redirect = buildRedirect(this.#host.layout, own, bytes, offset, length);
    this.#host.send(this.#spelled(slot), redirect, redirect.length, 0);
  }

  #unanswered(slot: number): void {
    this.#entries[slot] = NO_ENTRY;
    const { remotes } = this.#host;
    const now = this.#now;
    const wait = Math.min(RETRY_FIRST * 2 ** this.#failures[slot]!, RETRY_LONGEST);
    this.#failures[slot] = Math.min(this.#failures[slot]! + 1, 16);
    this.#retryAt[slot] = now + wait;
    this.#refreshAt[slot] = NEVER;
    this.#candidatePort[slot] = 0;
    remotes.usableUntil[slot] = LONG_AGO;
    remotes.directAddress[slot] = remotes.spelledAddress[slot]!;
    remotes.directPort[slot] = remotes.spelledPort[slot]!;
    this.#host.pathChanged(slot, Path.relayed, Proof.none);
  }

  #proved(
    slot: number,
    path: PathCode,
    endpoint: Readonly<UdpEndpoint>,
    attempt: number | null,
    now: number,
  ): void {
    const { remotes } = this.#host;
    this.#now = now;
    if (attempt !== null) remotes.roundTrip[slot] = this.#roundTrip(slot, attempt, now);
    this.#opportunism.reset(slot);
    remotes.directAddress[slot] = endpoint.addressBits;
    remotes.directPort[slot] = endpoint.port;
    remotes.provedAt[slot] = now;
    remotes.usableUntil[slot] = now + PROOF_LIFETIME;
    remotes.trusted[slot] = 1;
    this.#refreshAt[slot] = now + REFRESH_AFTER;
    this.#retryAt[slot] = LONG_AGO;
    this.#failures[slot] = 0;
    let entry = this.#entries[slot]!;
    if (entry === NO_ENTRY) {
      entry = this.#cache.create(remotes.address(slot), 0, 'learnt', slot, now);
      this.#entries[slot] = entry;
    }
    this.#cache.advertised(entry, ANSWERED, now);
    const proof = attempt === null ? Proof.upperLayer : Proof.neighborAdvertisement;
    this.#host.pathChanged(slot, path, proof);
    const { directKeepalive } = this.#options;
    if (directKeepalive > 0) {
      this.#keepaliveAt = Math.min(this.#keepaliveAt, now + directKeepalive * 1000);
    }
  }

  /** @param attempt - the one that was answered; -1 where the answer does not tell */
  #roundTrip(slot: number, attempt: number, now: number): number {
    const last = this.#nonces[slot * NONCE_LENGTH + NONCE_LENGTH - 1]!;
    const earlier = attempt < 0 ? 0 : last - attempt;
    return now - this.#askedAt[slot]! + earlier * RETRANSMISSION;
  }

  /** Asks on every idle direct path, as far as users want that. */
  #keepAlive(now: number): void {
    const { remotes } = this.#host;
    const interval = this.#options.directKeepalive * 1000;
    this.#keepaliveAt = NEVER;
    remotes.forEach((slot) => {
      if (remotes.path[slot] === Path.relayed) return;
      const due = remotes.provedAt[slot]! + interval;
      if (due <= now) this.#ask(slot, now);
      this.#keepaliveAt = Math.min(this.#keepaliveAt, due <= now ? now + interval : due);
    });
  }

  /** Whether a remote may be sent bytes of our own now: a stranger's never more than came from there. */
  #maySpend(slot: number): boolean {
    const { remotes } = this.#host;
    return remotes.trusted[slot] === 1 || remotes.credit[slot]! >= NEIGHBOR_QUESTION_WEIGHT;
  }

  // The local network (draft-01 §6.11)

  #isLanEndpoint(slot: number, from: Readonly<UdpEndpoint>): boolean {
    const { remotes } = this.#host;
    return (
      this.#options.lanTtl > 0 &&
      isPrivate(from.address) &&
      this.#host.accepts(from) &&
      this.#host.sharesPublicAddress(remotes.spelledAddress[slot]!)
    );
  }

  #searchesLan(slot: number, now: number): boolean {
    const { remotes } = this.#host;
    if (this.#options.lanTtl === 0 || !this.#maySpend(slot)) return false;
    if (!this.#host.sharesPublicAddress(remotes.spelledAddress[slot]!)) return false;
    if (now < this.#lanSearchAt[slot]!) return false;
    this.#lanSearchAt[slot] = now + LAN_SEARCH_INTERVAL;
    return true;
  }

  #propose(slot: number, candidate: Readonly<UdpEndpoint>): void {
    const isKnown =
      candidate.addressBits === this.#candidateAddress[slot] &&
      candidate.port === this.#candidatePort[slot];
    if (isKnown) return;
    this.#candidateAskedAt[slot] = LONG_AGO;
    this.#candidateAddress[slot] = candidate.addressBits;
    this.#candidatePort[slot] = candidate.port;
  }

  #askCandidate(slot: number, now: number): void {
    // Both sides may search, answer and ask at once: that must come to rest.
    if (now - this.#candidateAskedAt[slot]! < HINT_INTERVAL || !this.#maySpend(slot)) return;
    this.#now = now;
    if (now - this.#askedAt[slot]! > ATTEMPT_WINDOW) {
      writeNonce(this.#nonces, slot * NONCE_LENGTH, this.#host.random);
    }
    this.#to.address = this.#candidateAddress[slot]!;
    this.#to.port = this.#candidatePort[slot]!;
    this.#candidateAskedAt[slot] = now;
    this.#sendQuestion(slot, this.#to, 0);
  }

  #spelled(slot: number): UdpEndpoint {
    const { remotes } = this.#host;
    this.#to.address = remotes.spelledAddress[slot]!;
    this.#to.port = remotes.spelledPort[slot]!;
    return this.#to;
  }

  /** Where the next question goes: to the path in use, if there is one. */
  #current(slot: number): UdpEndpoint {
    const { remotes } = this.#host;
    if (remotes.path[slot] !== Path.lan) return this.#spelled(slot);
    this.#to.address = remotes.directAddress[slot]!;
    this.#to.port = remotes.directPort[slot]!;
    this.#propose(slot, this.#to);
    this.#candidateAskedAt[slot] = this.#now;
    return this.#to;
  }
}

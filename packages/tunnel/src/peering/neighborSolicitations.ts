import { UdpEndpoint } from '@6bed4/codec';
import { buildNd, grown, type NeighborAdvertisement } from '@6bed4/nd';
import { ANSWER_WINDOW, FORGERY_WAIT, RETRANS_TIMER } from '../defaults.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import { Nonces, nonceOf } from './nonce.js';
import type { PeeringHost } from './peering.js';
import type { Remotes } from './remotes.js';

/** Bytes of a solicitation on the wire: IPv6 header, message and nonce, and the headers around it. */
export const NEIGHBOR_SOLICITATION_WEIGHT = 72 + OUTER_HEADERS;

/** An advertisement without a nonce that may answer one of our solicitations. */
export const ANY_ATTEMPT = -1;
/** Unanswered solicitations of one remote that are counted. */
const MAX_UNANSWERED = 255;
/** An advertisement that answers none of our solicitations. */
export const NO_ATTEMPT = -2;

/**
 * The Neighbor Solicitations that make remotes confirm our direct paths, and their answers.
 *
 * Each solicitation carries a nonce, which the Neighbor Advertisement has to repeat, so nobody who does
 * not see the solicitation can forge the answer. Deployed peers of 2012 and 2018 know no nonces. Their answers
 * count within {@link ANSWER_WINDOW}, unless options forbid it, as long as there are no more of them than
 * solicitations: one that answers nothing is a forgery, and after it none counts for
 * {@link FORGERY_WAIT}. A remote that has repeated a nonce once must go on doing so.
 */
export class NeighborSolicitations {
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #requireNonce: boolean;
  readonly #nonces: Nonces;
  readonly #to = new UdpEndpoint();
  /** Time of the last one, in milliseconds. */
  #sentAt = new Float64Array();
  /** 1 once a remote has repeated a nonce; from then on, answers without one are refused. */
  #repeatsNonces = new Uint8Array();
  /** Solicitations that an advertisement without a nonce may answer. */
  #unanswered = new Uint8Array();
  /** Time from which advertisements without a nonce count. */
  #trustedFrom = new Float64Array();
  /** 1 while an advertisement without a nonce waits for one that has it. */
  #held = new Uint8Array();

  constructor(host: PeeringHost, remotes: Remotes, requireNonce: boolean) {
    this.#host = host;
    this.#remotes = remotes;
    this.#requireNonce = requireNonce;
    this.#nonces = new Nonces(host.random);
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#sentAt = grown(this.#sentAt, capacity);
    this.#repeatsNonces = grown(this.#repeatsNonces, capacity);
    this.#unanswered = grown(this.#unanswered, capacity);
    this.#trustedFrom = grown(this.#trustedFrom, capacity);
    this.#held = grown(this.#held, capacity);
    this.#nonces.grow(capacity);
  }

  /** Begins with a new remote. */
  created(slot: number): void {
    this.#repeatsNonces[slot] = 0;
    this.#trustedFrom[slot] = DISTANT_PAST;
    this.restart(slot);
  }

  /** Begins anew with a known remote: answers to earlier solicitations count no more. */
  restart(slot: number): void {
    this.#sentAt[slot] = DISTANT_PAST;
    this.#held[slot] = 0;
  }

  /** Whether a remote ever repeated a nonce, so that nobody else can answer for it. */
  repeatsNonces(slot: number): boolean {
    return this.#repeatsNonces[slot] === 1;
  }

  /** Time of the last solicitation at the endpoint in the remote's address; {@link DISTANT_PAST} for never. */
  sentAt(slot: number): number {
    return this.#sentAt[slot]!;
  }

  /** Whether a remote may be sent a solicitation. */
  affords(slot: number): boolean {
    return this.#remotes.credit.affords(slot, NEIGHBOR_SOLICITATION_WEIGHT);
  }

  /**
   * Prepares the nonce of the next solicitation in a round, a fresh one for each round.
   *
   * @param attempt - 1 for the first
   */
  prepare(slot: number, attempt: number): void {
    if (attempt === 1) this.#nonces.renew(slot);
    this.#nonces.setAttempt(slot, attempt);
  }

  /**
   * Solicits a remote at the endpoint that its address encodes, with the nonce prepared, if we have an
   * address and the remote's credit suffices.
   *
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
  send(slot: number, ttl: number, now: number): void {
    this.#remotes.paths.readEncodedEndpoint(slot, this.#to);
    if (!this.sendWith(slot, this.#nonces.get(slot), this.#to, ttl)) return;
    if (!this.#isAnswerable(slot, now)) this.#unanswered[slot] = 0;
    this.#sentAt[slot] = now;
    this.#unanswered[slot] = Math.min(this.#unanswered[slot]! + 1, MAX_UNANSWERED);
  }

  /**
   * Sends a solicitation with a nonce of its own, if we have an address and the remote's credit suffices.
   *
   * @param ttl - IPv4 TTL; 0 for the system's default
   * @returns whether it was sent
   */
  sendWith(slot: number, nonce: Uint8Array, to: Readonly<UdpEndpoint>, ttl: number): boolean {
    const remote = this.#remotes.address(slot);
    const own = this.#host.ownAddressFor(remote);
    if (own === null) return false;
    if (!this.#remotes.credit.charge(slot, NEIGHBOR_SOLICITATION_WEIGHT)) return false;
    const solicitation = buildNeighborSolicitation(own.address, remote, nonce);
    this.#host.send(to, solicitation, solicitation.length, ttl);
    return true;
  }

  /**
   * The solicitation of a round that an advertisement of the remote answers, {@link ANY_ATTEMPT} or
   * {@link NO_ATTEMPT}.
   */
  attemptAnswered(slot: number, advertisement: NeighborAdvertisement, now: number): number {
    const nonce = nonceOf(advertisement);
    if (nonce === null) return this.#answersAny(slot, now) ? ANY_ATTEMPT : NO_ATTEMPT;
    const attempt = this.#isAnswerable(slot, now) ? this.#nonces.match(slot, nonce) : 0;
    // The first solicitation of a round has the number 1.
    if (attempt <= 0) return NO_ATTEMPT;
    this.#repeatsNonces[slot] = 1;
    this.#held[slot] = 0;
    return attempt;
  }

  /** Holds an advertisement without a nonce until the next solicitation is due. */
  hold(slot: number): void {
    this.#held[slot] = 1;
  }

  /** Whether an advertisement was held, and nothing spoke against it; it is held no more. */
  takeHeld(slot: number): boolean {
    const isHeld = this.#held[slot] === 1;
    this.#held[slot] = 0;
    return isHeld;
  }

  /** Milliseconds since a solicitation, from the number that {@link attemptAnswered} returned. */
  roundTrip(slot: number, attempt: number, now: number): number {
    const later = attempt === ANY_ATTEMPT ? 0 : this.#nonces.attempt(slot) - attempt;
    return now - this.#sentAt[slot]! + later * RETRANS_TIMER;
  }

  #answersAny(slot: number, now: number): boolean {
    if (this.#requireNonce || this.#repeatsNonces[slot] === 1) return false;
    if (now < this.#trustedFrom[slot]!) return false;
    if (this.#isAnswerable(slot, now) && this.#unanswered[slot]! > 0) {
      this.#unanswered[slot]!--;
      return true;
    }
    this.#trustedFrom[slot] = now + FORGERY_WAIT;
    this.#held[slot] = 0;
    return false;
  }

  #isAnswerable(slot: number, now: number): boolean {
    return now - this.#sentAt[slot]! <= ANSWER_WINDOW;
  }
}

/**
 * Builds the solicitation: from our own address to the remote's, about that address, with a nonce
 * (draft-03 §8.2, RFC 4861 §4.3).
 *
 * It has no source link-layer option: the address says where we are, RFC 4861 §7.2.2 demands one only in
 * multicast, and the deployed C peer of 2012 answers no solicitation but one with exactly one option of
 * 8 bytes.
 */
function buildNeighborSolicitation(
  own: Uint8Array,
  target: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return buildNd({
    type: 'neighbor-solicitation',
    source: own,
    destination: target,
    target,
    options: [{ type: 'nonce', nonce }],
  });
}

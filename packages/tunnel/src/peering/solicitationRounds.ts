import { grown, NeighborUnreachability } from '@6bed4/nd';
import {
  DELAY_FIRST_PROBE_TIME,
  FIRST_RETRY_WAIT,
  HINT_INTERVAL,
  INBOUND_ROUND_RATE,
  MAX_RETRY_WAIT,
  MAX_UNICAST_SOLICIT,
  ONE_WAY_REACHABLE_TIME,
  PEER_LIMITER_BUCKETS,
  REACHABLE_TIME,
  RENEWAL_RATE,
  RETRANS_TIMER,
  ROUND_RATE,
} from '../defaults.js';
import { RateLimiter, TokenBucket } from '../packet/rateLimiter.js';
import { DISTANT_FUTURE, DISTANT_PAST } from '../time.js';
import { NEIGHBOR_SOLICITATION_WEIGHT } from './neighborSolicitations.js';
import type { Remotes } from './remotes.js';

/** Rounds in vain beyond which the wait for the next one grows no more. */
const MAX_FAILURES = 16;

/** The owner of {@link SolicitationRounds}. */
export interface RoundListener {
  /**
   * The next solicitation of a round is to be sent now.
   *
   * @param attempt - 1 for the first
   */
  solicit(slot: number, attempt: number, now: number): void;

  /** A round was in vain. */
  unreachable(slot: number, now: number): void;
}

/**
 * The rounds of Neighbor Solicitations to remotes: when a packet or a hint begins one, and when its
 * solicitations are sent. Neighbor Unreachability Detection (RFC 4861 §7.3) counts them: up to
 * MAX_UNICAST_SOLICIT, one each RETRANS_TIMER.
 *
 * - After a round in vain, packets begin no other for 2 s, and each time for twice as long, up to a
 *   minute.
 * - A confirmation older than ONE_WAY_REACHABLE_TIME may be renewed by a round beside the next packet.
 * - Rounds that packets of the local side begin to outbound remotes have a rate of their own, and so have
 *   those that renew a confirmation. All others, which strangers can cause, are limited by the IPv4 address
 *   of the remote, so that nobody uses up what others need.
 */
export class SolicitationRounds {
  readonly #remotes: Remotes;
  readonly #listener: RoundListener;
  readonly #detection: NeighborUnreachability;
  readonly #searches = new TokenBucket(ROUND_RATE);
  readonly #renewals = new TokenBucket(RENEWAL_RATE);
  readonly #inboundRenewals = new TokenBucket(RENEWAL_RATE);
  readonly #inboundSearches: RateLimiter;
  /** Time from which a packet begins a round, in milliseconds: on a valid path, and on none. */
  #refreshAt = new Float64Array();
  #retryAt = new Float64Array();
  /** Rounds in vain since the last confirmation. */
  #failures = new Uint8Array();
  /** Time at which a hint last had an effect. */
  #hintedAt = new Float64Array();

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(remotes: Remotes, random: () => number, listener: RoundListener) {
    this.#remotes = remotes;
    this.#listener = listener;
    this.#inboundSearches = new RateLimiter(INBOUND_ROUND_RATE, random, PEER_LIMITER_BUCKETS);
    this.#detection = new NeighborUnreachability(
      {
        capacity: 0,
        reachableTime: ONE_WAY_REACHABLE_TIME,
        delayFirstProbeTime: DELAY_FIRST_PROBE_TIME,
        retransTimer: RETRANS_TIMER,
        maxUnicastSolicit: MAX_UNICAST_SOLICIT,
      },
      {
        solicit: (slot, attempt, now) => this.#listener.solicit(slot, attempt, now),
        unreachable: (slot, now) => this.#failed(slot, now),
      },
    );
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#refreshAt = grown(this.#refreshAt, capacity);
    this.#retryAt = grown(this.#retryAt, capacity);
    this.#failures = grown(this.#failures, capacity);
    this.#hintedAt = grown(this.#hintedAt, capacity);
    this.#detection.grow(capacity);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  restart(slot: number): void {
    this.#detection.remove(slot);
    this.#refreshAt[slot] = DISTANT_FUTURE;
    this.#retryAt[slot] = DISTANT_PAST;
    this.#failures[slot] = 0;
    this.#hintedAt[slot] = DISTANT_PAST;
  }

  /** Ends the round that may be under way. */
  removed(slot: number): void {
    this.#detection.remove(slot);
  }

  /** Whether a direct packet begins a round, to renew the confirmation. For every such packet. */
  isRefreshDue(slot: number, now: number): boolean {
    return now >= this.#refreshAt[slot]!;
  }

  /** Lets the first direct packet from a time on, in milliseconds, begin a round. */
  refreshAt(slot: number, at: number): void {
    this.#refreshAt[slot] = at;
  }

  /** Whether a packet that is not sent directly begins a round. For every such packet. */
  isRetryDue(slot: number, now: number): boolean {
    return now >= this.#retryAt[slot]!;
  }

  /** Whether the last round was in vain. */
  hasFailed(slot: number): boolean {
    return this.#failures[slot]! > 0;
  }

  /** Rounds in vain since the last confirmation. */
  failures(slot: number): number {
    return this.#failures[slot]!;
  }

  /** Time from which a packet begins a round, in milliseconds; never during one. */
  retryAt(slot: number): number {
    return this.#retryAt[slot]!;
  }

  /** Whether a search for a path has begun, and none was in vain. */
  isFirstSearch(slot: number): boolean {
    return this.#detection.isKnown(slot) && this.#failures[slot] === 0;
  }

  /** Whether a round is under way. */
  isUnderWay(slot: number): boolean {
    return this.#retryAt[slot] === DISTANT_FUTURE;
  }

  /** A packet of the local side begins a round, unless the remote's credit or a rate forbids it. */
  begin(slot: number, now: number): void {
    const { credit } = this.#remotes;
    if (!credit.affords(slot, NEIGHBOR_SOLICITATION_WEIGHT)) return;
    if (this.#isWithinRate(slot, now)) this.start(slot, now);
  }

  /** Begins a round that its cause limits itself, if the remote's credit allows it. */
  start(slot: number, now: number): void {
    if (!this.#remotes.credit.affords(slot, NEIGHBOR_SOLICITATION_WEIGHT)) return;
    // Nothing delays the first solicitation of a search: it has to open our NAT before the packet arrives.
    const isSearch = !this.#remotes.paths.isValid(slot, now) && !this.isUnderWay(slot);
    if (isSearch) this.#detection.remove(slot);
    this.#refreshAt[slot] = DISTANT_FUTURE;
    this.#retryAt[slot] = DISTANT_FUTURE;
    this.#detection.sent(slot, now);
  }

  /** Whether a hint may have an effect; takes its price, and the next hint has to wait. */
  admitsHint(slot: number, now: number): boolean {
    const { credit, paths } = this.#remotes;
    const interval = Math.min(HINT_INTERVAL * 2 ** this.#failures[slot]!, MAX_RETRY_WAIT);
    if (now - this.#hintedAt[slot]! < interval) return false;
    if (!credit.chargeHint(slot, NEIGHBOR_SOLICITATION_WEIGHT)) return false;
    if (!this.#inboundSearches.allows(paths.encodedAddress(slot), now)) return false;
    this.#hintedAt[slot] = now;
    return true;
  }

  /** The direct path is confirmed, which ends the round that may be under way. */
  confirmed(slot: number, now: number): void {
    this.#detection.confirmed(slot, now);
    this.#refreshAt[slot] = now + ONE_WAY_REACHABLE_TIME;
    // Until then, a packet that this path does not fit would begin nothing.
    this.#retryAt[slot] = now + REACHABLE_TIME;
    this.#failures[slot] = 0;
  }

  handleTimeout(now: number): void {
    this.#detection.handleTimeout(now);
  }

  /** Time at which to call {@link SolicitationRounds.handleTimeout}; `Infinity` for never. */
  nextTimeout(): number {
    return this.#detection.nextTimeout();
  }

  #isWithinRate(slot: number, now: number): boolean {
    const remotes = this.#remotes;
    const isOutbound = remotes.isOutbound(slot);
    if (remotes.paths.isValid(slot, now)) {
      return (isOutbound ? this.#renewals : this.#inboundRenewals).allows(now);
    }
    return isOutbound
      ? this.#searches.allows(now)
      : this.#inboundSearches.allows(remotes.paths.encodedAddress(slot), now);
  }

  #failed(slot: number, now: number): void {
    const wait = Math.min(FIRST_RETRY_WAIT * 2 ** this.#failures[slot]!, MAX_RETRY_WAIT);
    this.#failures[slot] = Math.min(this.#failures[slot]! + 1, MAX_FAILURES);
    this.#retryAt[slot] = now + wait;
    this.#refreshAt[slot] = DISTANT_FUTURE;
    this.#listener.unreachable(slot, now);
  }
}

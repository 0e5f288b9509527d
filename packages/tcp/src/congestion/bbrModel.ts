import type { AckSample } from './congestionControl.js';
import { SlotMaximum } from './slotMaximum.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Milliseconds for which the least round trip holds, and after which it has to be measured anew. */
const LEAST_ROUND_TRIP_LIFE = 10_000;
const PROBE_INTERVAL = 5_000;
/** Round trips in one slot of the aggregation filter, which has two. */
const AGGREGATION_ROUNDS = 5;
/** Growth of the rate, and rounds without it, by which a full path is told (§5.3.1.2). */
const GROWTH = 1.25;
const FULL_ROUNDS = 3;
/** What round trips grow by when a queue stands: this part of the least one, or these milliseconds (RFC 9406 §4.3). */
const QUEUE = 0.25;
const LEAST_QUEUE = 4;

/**
 * What BBR knows about the path (draft-ietf-ccwg-bbr §5.5): its rate, its round trip, how it aggregates, and in
 * which round trip we are. In bytes and milliseconds.
 */
export class BbrModel {
  /** BBR.min_rtt. */
  leastRoundTrip = NEVER;
  /** Whether the least round trip is to be measured anew. */
  isRoundTripExpired = false;
  /** Whether the last acknowledgment began a round trip; how many there were. */
  isRoundStart = false;
  rounds = 0;
  /** Whether the path is full: since the search for that began, and ever. */
  isFull = false;
  wasFull = false;
  readonly #rates = new SlotMaximum();
  readonly #aggregation = new SlotMaximum();
  #aggregationRound = 0;
  #aggregationStart = 0;
  #aggregated = 0;
  #roundEnd = 0;
  #leastRoundTripAt = 0;
  #recentRoundTrip = NEVER;
  #recentRoundTripAt = 0;
  #fullRate = 0;
  #fullRounds = 0;

  /** BBR.max_bw. */
  get highestRate(): number {
    return this.#rates.value;
  }

  /** BBR.extra_acked: what acknowledgments bring at once beyond the rate. */
  get aggregation(): number {
    return this.#aggregation.value;
  }

  /** The cycle of probing is over: rates of the one before the last do not count any more. */
  advanceRates(): void {
    this.#rates.advance();
  }

  /** The round trip begins anew (§5.5.1). */
  startRound(delivered: number): void {
    this.#roundEnd = delivered;
  }

  /** UpdateMaxBw (§5.5.5). */
  updateRate(sample: Readonly<AckSample>): void {
    this.isRoundStart = sample.hasDelivered && sample.deliveredWhenSent >= this.#roundEnd;
    if (this.isRoundStart) {
      this.startRound(sample.totalDelivered);
      this.rounds++;
    }
    const { deliveryRate } = sample;
    if (deliveryRate >= this.highestRate || !sample.isLimited) this.#rates.add(deliveryRate);
  }

  /** UpdateACKAggregation (§5.5.9). */
  updateAggregation(sample: Readonly<AckSample>, rate: number, window: number): void {
    let expected = rate * (sample.now - this.#aggregationStart);
    if (this.#aggregated <= expected) {
      this.restartAggregation(sample.now);
      expected = 0;
    }
    this.#aggregated += sample.delivered;
    const length = this.wasFull ? AGGREGATION_ROUNDS : 1;
    if (this.rounds >= this.#aggregationRound + length) {
      this.#aggregationRound = this.rounds;
      this.#aggregation.advance();
    }
    this.#aggregation.add(Math.min(this.#aggregated - expected, window));
  }

  restartAggregation(now: number): void {
    this.#aggregated = 0;
    this.#aggregationStart = now;
  }

  /** Begins to look for a full path, from this rate on (ResetFullBW, §5.3.1.2). */
  searchFull(rate: number): void {
    this.#fullRate = rate;
    this.#fullRounds = 0;
    this.isFull = false;
  }

  /** CheckFullBWReached (§5.3.1.2). */
  checkFull(sample: Readonly<AckSample>): void {
    if (this.isFull || !this.isRoundStart || sample.isLimited) return;
    if (sample.deliveryRate >= this.#fullRate * GROWTH) {
      this.searchFull(sample.deliveryRate);
      return;
    }
    this.#fullRounds++;
    this.isFull = this.#fullRounds >= FULL_ROUNDS;
    if (this.isFull) this.wasFull = true;
  }

  /** UpdateMinRTT (§5.3.4.3). */
  updateRoundTrip({ roundTrip, now }: Readonly<AckSample>): void {
    this.isRoundTripExpired = now > this.#recentRoundTripAt + PROBE_INTERVAL;
    if (roundTrip > 0 && (roundTrip < this.#recentRoundTrip || this.isRoundTripExpired)) {
      this.#recentRoundTrip = roundTrip;
      this.#recentRoundTripAt = now;
    }
    const isOld = now > this.#leastRoundTripAt + LEAST_ROUND_TRIP_LIFE;
    if (this.#recentRoundTrip < this.leastRoundTrip || isOld) {
      this.leastRoundTrip = this.#recentRoundTrip;
      this.#leastRoundTripAt = this.#recentRoundTripAt;
    }
  }

  /** Whether round trips tell that packets wait at the bottleneck. */
  hasQueue(smoothedRoundTrip: number): boolean {
    const { leastRoundTrip } = this;
    return smoothedRoundTrip > leastRoundTrip + Math.max(QUEUE * leastRoundTrip, LEAST_QUEUE);
  }

  /** The least round trip was measured. */
  renewRoundTrip(now: number): void {
    this.#recentRoundTripAt = now;
  }
}

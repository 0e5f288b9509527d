import type { AckSample } from './congestionControl.js';

/*
 * HyStart++ (RFC 9406 §4.3), with the constants that it recommends. Times in milliseconds, growth in
 * segments.
 */
const LEAST_THRESHOLD = 4;
const HIGHEST_THRESHOLD = 16;
const DIVISOR = 8;
/** Samples of a round trip before it says something. */
const LEAST_SAMPLES = 8;
/** Division of the growth in conservative slow start, and the rounds that this lasts. */
const CONSERVATIVE_DIVISOR = 4;
const CONSERVATIVE_ROUNDS = 5;

/**
 * Slow start that ends when round trips grow, before packets are lost. A round is the time until what was
 * sent last at its beginning is delivered.
 */
export class HyStart {
  #roundEnd = 0;
  #lastMinimum = Number.POSITIVE_INFINITY;
  #minimum = Number.POSITIVE_INFINITY;
  #samples = 0;
  /** The least round trip when conservative slow start began; infinite before. */
  #baseline = Number.POSITIVE_INFINITY;
  #conservativeRounds = 0;

  /** Whether congestion avoidance has to begin. */
  get isOver(): boolean {
    return this.#conservativeRounds >= CONSERVATIVE_ROUNDS;
  }

  restart(): void {
    this.#lastMinimum = Number.POSITIVE_INFINITY;
    this.#minimum = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    this.#baseline = Number.POSITIVE_INFINITY;
    this.#conservativeRounds = 0;
  }

  /** How many segments the window grows by when `segments` were delivered. */
  increase(segments: number, sample: Readonly<AckSample>): number {
    if (sample.deliveredWhenSent >= this.#roundEnd) this.#beginRound(sample.totalDelivered);
    if (sample.roundTrip > 0) {
      this.#minimum = Math.min(this.#minimum, sample.roundTrip);
      this.#samples++;
    }
    this.#decide();
    return this.#baseline < Number.POSITIVE_INFINITY ? segments / CONSERVATIVE_DIVISOR : segments;
  }

  #beginRound(delivered: number): void {
    this.#roundEnd = delivered;
    this.#lastMinimum = this.#minimum;
    this.#minimum = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    if (this.#baseline < Number.POSITIVE_INFINITY) this.#conservativeRounds++;
  }

  #decide(): void {
    if (this.#samples < LEAST_SAMPLES || this.#minimum === Number.POSITIVE_INFINITY) return;
    if (this.#baseline < Number.POSITIVE_INFINITY) {
      // It was not the queue of a bottleneck.
      if (this.#minimum < this.#baseline) {
        this.#baseline = Number.POSITIVE_INFINITY;
        this.#conservativeRounds = 0;
      }
      return;
    }
    if (this.#lastMinimum === Number.POSITIVE_INFINITY) return;
    const threshold = Math.max(
      LEAST_THRESHOLD,
      Math.min(this.#lastMinimum / DIVISOR, HIGHEST_THRESHOLD),
    );
    if (this.#minimum >= this.#lastMinimum + threshold) this.#baseline = this.#minimum;
  }
}

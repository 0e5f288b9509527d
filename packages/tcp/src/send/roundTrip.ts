/** Before anything is measured, in milliseconds (RFC 6298 §2.1). */
const INITIAL_TIMEOUT = 1_000;
/**
 * Least timeout, in milliseconds. RFC 6298 §2.4 asks for a second, since the clocks of its time were
 * coarse; loss probes come first here anyway (RFC 8985 §7), and other systems wait no longer.
 */
const LEAST_TIMEOUT = 200;
/** Longest timeout, in milliseconds (RFC 6298 §2.5). */
const LONGEST_TIMEOUT = 60_000;
/** Milliseconds in which the least round trip is searched (RFC 8985 §6.2, step 1). */
const MINIMUM_WINDOW = 300_000;

/** Round-trip times, and the retransmission timeout that follows from them (RFC 6298). In milliseconds. */
export class RoundTrip {
  /** SRTT; 0 before the first sample. */
  smoothed = 0;
  /** RTTVAR. */
  variation = 0;
  /** The least one of the last five minutes; infinite before the first sample. */
  minimum = Number.POSITIVE_INFINITY;
  /** How many round trips were measured. */
  samples = 0;
  #minimumAt = 0;
  #timeout = INITIAL_TIMEOUT;
  #backoff = 1;

  /** RTO, with its backoff. */
  get timeout(): number {
    return Math.min(this.#timeout * this.#backoff, LONGEST_TIMEOUT);
  }

  /** A round trip that took `time`, of a segment that was sent once (Karn's algorithm). */
  sample(time: number, now: number): void {
    if (time <= this.minimum || now - this.#minimumAt > MINIMUM_WINDOW) {
      this.minimum = time;
      this.#minimumAt = now;
    }
    this.coarseSample(time);
  }

  /** One that is too inaccurate to be the least: by timestamps (RFC 7323 §4.1). */
  coarseSample(time: number): void {
    this.samples++;
    if (this.smoothed === 0) {
      this.smoothed = Math.max(time, 0.001);
      this.variation = time / 2;
    } else {
      this.variation += (Math.abs(this.smoothed - time) - this.variation) / 4;
      this.smoothed = Math.max(this.smoothed + (time - this.smoothed) / 8, 0.001);
    }
    // The variation cannot fall below what a delayed acknowledgment adds on other systems.
    this.#timeout = Math.max(
      LEAST_TIMEOUT,
      this.smoothed + Math.max(4 * this.variation, LEAST_TIMEOUT / 4),
    );
    this.#backoff = 1;
  }

  /** The timer expired (RFC 6298 §5.5). */
  backOff(): void {
    if (this.timeout < LONGEST_TIMEOUT) this.#backoff *= 2;
  }

  /**
   * Something new was acknowledged that was sent more than once. Karn's algorithm keeps the whole backoff until a
   * round trip is measured; where most exchanges fail that is hardly ever.
   *
   * @param isTold - whether timestamps or selective acknowledgments would have told a slower path
   */
  relax(isTold: boolean): void {
    this.#backoff = isTold ? 1 : Math.max(1, this.#backoff / 2);
  }

  /** Nothing was measured and the SYN was lost: three seconds from now on (RFC 6298 §5.7). */
  distrust(): void {
    if (this.smoothed === 0) this.#timeout = 3 * INITIAL_TIMEOUT;
    this.#backoff = 1;
  }
}

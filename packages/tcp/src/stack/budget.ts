/** A rate of things that nobody may cause more often: a bucket of tokens. */
export class Budget {
  readonly #burst: number;
  readonly #perMillisecond: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;

  /** @param burst - at once; @param perSecond - and in the long run */
  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMillisecond = perSecond / 1000;
    this.#tokens = burst;
  }

  /** Whether one more is allowed now; counts it. */
  take(now: number): boolean {
    if (this.#at !== Number.NEGATIVE_INFINITY) {
      const earned = (now - this.#at) * this.#perMillisecond;
      this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    }
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

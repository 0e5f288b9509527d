const MS_PER_SECOND = 1000;

/** A rate of bytes, and how many may pass at once after a while without any. */
export class ByteRate {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #saved: number;
  #updatedAt = Number.NEGATIVE_INFINITY;

  constructor(rate: { readonly perSecond: number; readonly burst: number }) {
    this.#perMillisecond = rate.perSecond / MS_PER_SECOND;
    this.#burst = rate.burst;
    this.#saved = rate.burst;
  }

  /** Takes `bytes`, if there are so many at `now` milliseconds. */
  take(bytes: number, now: number): boolean {
    if (now > this.#updatedAt) {
      const earned = (now - this.#updatedAt) * this.#perMillisecond;
      this.#saved = Math.min(this.#burst, this.#saved + earned);
      this.#updatedAt = now;
    }
    if (this.#saved < bytes) return false;
    this.#saved -= bytes;
    return true;
  }
}

/** Milliseconds over which a rate is measured, at least. */
const SPAN = 50;
/** Milliseconds for which the highest rate counts, once and again. */
const PERIOD = 1_000;

/** The highest rate at which datagrams were lately confirmed. */
export class DeliveryRate {
  #highest = 0;
  #highestBefore = 0;
  #periodEnd = Number.NEGATIVE_INFINITY;
  #count = 0;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** Datagrams per millisecond. */
  get perMillisecond(): number {
    return Math.max(this.#highest, this.#highestBefore);
  }

  /**
   * Datagrams were confirmed.
   *
   * @param count - of all that were
   * @param sentAt - when the last of them was sent
   */
  confirmed(count: number, sentAt: number, now: number): void {
    if (now - this.#confirmedAt < SPAN) return;
    // What came at once after a jam was not sent at once: the longer time counts.
    const duration = Math.max(now - this.#confirmedAt, sentAt - this.#sentAt);
    const rate = (count - this.#count) / duration;
    if (now >= this.#periodEnd) {
      this.#highestBefore = this.#highest;
      this.#highest = 0;
      this.#periodEnd = now + PERIOD;
    }
    this.#highest = Math.max(this.#highest, rate);
    this.#count = count;
    this.#confirmedAt = now;
    this.#sentAt = sentAt;
  }
}

/** Lets something be answered no more often than once in an interval. */
export class AnswerLimit {
  readonly #interval: number;
  #at = Number.NEGATIVE_INFINITY;

  /** @param interval - in milliseconds */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Whether it may be answered now; counts it. */
  take(now: number): boolean {
    if (now - this.#at < this.#interval) return false;
    this.#at = now;
    return true;
  }
}

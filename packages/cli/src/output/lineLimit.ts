/** Lines in a minute. */
const MOST_LINES = 60;
const MINUTE = 60_000;

/** A limit of the lines that others can cause in the log: 60 a minute. */
export class LineLimit {
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #lines = 0;

  /** @param now - milliseconds that never go back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether one more line may be logged. */
  allows(): boolean {
    const now = this.#now();
    if (now - this.#since >= MINUTE) {
      this.#since = now;
      this.#lines = 0;
    }
    return this.#lines++ < MOST_LINES;
  }
}

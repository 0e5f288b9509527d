/** Milliseconds before the first attempt after one in vain; the wait then doubles. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;

/** When to try again: soon at first, and later ever less often, at times that differ between clients. */
export class RetryPace {
  readonly #random: () => number;
  #attempts = 0;

  /** @param random - numbers in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts);
    this.#attempts++;
    return longest / 2 + (this.#random() * longest) / 2;
  }

  /** It worked, or something changed. */
  reset(): void {
    this.#attempts = 0;
  }
}

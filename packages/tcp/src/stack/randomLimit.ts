/** Milliseconds that a period lasts, at least and at most. */
const SHORTEST = 500;
const LONGEST = 1_500;

/**
 * A limit of answers that nobody can measure: length and number of each period are drawn by chance, so that
 * counting one's own answers does not tell whether others were caused (RFC 5961 §7, CVE-2016-5696).
 */
export class RandomLimit {
  readonly #random: () => number;
  readonly #perSecond: number;
  #left = 0;
  #until = Number.NEGATIVE_INFINITY;

  /**
   * @param perSecond - answers in the long run; in one period, half to one and a half times as many
   * @param random - numbers in [0, 1) that attackers cannot predict
   */
  constructor(perSecond: number, random: () => number) {
    this.#perSecond = perSecond;
    this.#random = random;
  }

  /** Whether there may be one more now; counts it. */
  take(now: number): boolean {
    if (now >= this.#until) {
      const length = SHORTEST + this.#random() * (LONGEST - SHORTEST);
      this.#until = now + length;
      this.#left = Math.ceil(((this.#perSecond * length) / 1_000) * (0.5 + this.#random()));
    }
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}

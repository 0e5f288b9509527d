/** A seeded generator of 32-bit integers, so that every run of a test is the same. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer, 0..2^32 − 1. */
  next(): number {
    // A counter in steps of the golden ratio, whose bits are then mixed.
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** An integer, 0..count − 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** A number in [0, 1). */
  readonly fraction = (): number => this.next() / 0x1_0000_0000;
}

/** A seeded stand-in for `Math.random`. */
export function seededRandom(seed: number): () => number {
  return new Random(seed).fraction;
}

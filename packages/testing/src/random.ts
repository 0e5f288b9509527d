/** A small seeded generator, so that every run is the same (xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** An integer, 0..2^32 − 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** An integer, 0..count − 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** A number in [0, 1). */
  readonly fraction = (): number => this.next() / 0x1_0000_0000;
}

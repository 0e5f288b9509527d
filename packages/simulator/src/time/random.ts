/*
 * xoshiro128** of Blackman and Vigna ("Scrambled Linear Pseudorandom Number Generators", 2018): 128
 * bits of state, period 2^128 - 1. The state is filled from the seed with the finalizer of MurmurHash3,
 * as its authors advise to use another generator for that.
 */
const WORDS = 4;
const GOLDEN_RATIO = 0x9e37_79b9;
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

/** FNV-1a over the UTF-16 units of a text. */
function hash(text: string, start: number): number {
  let result = start;
  for (let index = 0; index < text.length; index++) {
    result = Math.imul(result ^ text.charCodeAt(index), FNV_PRIME);
  }
  return result;
}

/** Pseudo-random numbers that are the same for the same seed, on every platform. */
export class Random {
  readonly #seed: number;
  readonly #state = new Int32Array(WORDS);

  /** @param seed - an integer; its low 32 bits count */
  constructor(seed: number) {
    this.#seed = seed | 0;
    for (let index = 0; index < WORDS; index++) {
      this.#state[index] = mix(this.#seed + Math.imul(index + 1, GOLDEN_RATIO));
    }
    // All zeros would stay so for ever.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** 32 random bits, as int32. */
  bits(): number {
    const state = this.#state;
    const s1 = state[1]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9);
    state[2]! ^= state[0]!;
    state[3]! ^= s1;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= s1 << 9;
    state[3] = rotateLeft(state[3]!, 11);
    return result;
  }

  /** A number in [0, 1), a multiple of 2^-32. */
  next(): number {
    return (this.bits() >>> 0) / 0x1_0000_0000;
  }

  /** An integer from `lowest` to `highest`, both included. */
  integer(lowest: number, highest: number): number {
    return lowest + Math.floor(this.next() * (highest - lowest + 1));
  }

  /** True with this probability, 0..1. Takes no number from the stream when the answer is certain. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.next() < probability;
  }

  /**
   * Another stream, which depends on the seed and the name only: what one part of a simulation draws
   * never changes what another part gets.
   */
  stream(name: string): Random {
    return new Random(mix(hash(name, FNV_OFFSET ^ this.#seed)));
  }
}

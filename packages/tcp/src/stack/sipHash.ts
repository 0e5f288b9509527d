/**
 * SipHash-2-4 of 32-bit words, of which the low half of the result counts: what it says about connections
 * cannot be predicted without the key (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 * Words of 64 bits are kept in halves.
 */
export class SipHash {
  readonly #key: Int32Array;
  /** v0 to v3, low halves and high halves by turns. */
  readonly #state = new Int32Array(8);

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(random: () => number) {
    this.#key = new Int32Array(4).map(() => random() * 0x1_0000_0000);
  }

  /** @returns int32 */
  hash(words: Int32Array): number {
    const state = this.#state;
    const key = this.#key;
    const k0 = key[0]!;
    const k1 = key[1]!;
    const k2 = key[2]!;
    const k3 = key[3]!;
    state[0] = k0 ^ 0x70736575;
    state[1] = k1 ^ 0x736f6d65;
    state[2] = k2 ^ 0x6e646f6d;
    state[3] = k3 ^ 0x646f7261;
    state[4] = k0 ^ 0x6e657261;
    state[5] = k1 ^ 0x6c796765;
    state[6] = k2 ^ 0x79746573;
    state[7] = k3 ^ 0x74656462;
    const pairs = words.length & ~1;
    for (let at = 0; at < pairs; at += 2) this.#compress(words[at]!, words[at + 1]!);
    const last = pairs < words.length ? words[pairs]! : 0;
    this.#compress(last, (words.length * 4) << 24);
    state[4]! ^= 0xff;
    for (let round = 0; round < 4; round++) this.#round();
    return state[0]! ^ state[2]! ^ state[4]! ^ state[6]!;
  }

  #compress(low: number, high: number): void {
    const state = this.#state;
    state[6]! ^= low;
    state[7]! ^= high;
    this.#round();
    this.#round();
    state[0]! ^= low;
    state[1]! ^= high;
  }

  #round(): void {
    const v = this.#state;
    add(v, 0, 2);
    rotate(v, 2, 13);
    xor(v, 2, 0);
    swap(v, 0);
    add(v, 4, 6);
    rotate(v, 6, 16);
    xor(v, 6, 4);
    add(v, 0, 6);
    rotate(v, 6, 21);
    xor(v, 6, 0);
    add(v, 4, 2);
    rotate(v, 2, 17);
    xor(v, 2, 4);
    swap(v, 4);
  }
}

function add(v: Int32Array, to: number, from: number): void {
  const low = (v[to]! >>> 0) + (v[from]! >>> 0);
  v[to] = low;
  v[to + 1] = v[to + 1]! + v[from + 1]! + (low > 0xffff_ffff ? 1 : 0);
}

function xor(v: Int32Array, to: number, from: number): void {
  v[to]! ^= v[from]!;
  v[to + 1]! ^= v[from + 1]!;
}

/** Rotates to the left by 1..31 bits. */
function rotate(v: Int32Array, at: number, bits: number): void {
  const low = v[at]!;
  const high = v[at + 1]!;
  v[at] = (low << bits) | (high >>> (32 - bits));
  v[at + 1] = (high << bits) | (low >>> (32 - bits));
}

/** Rotates by 32 bits. */
function swap(v: Int32Array, at: number): void {
  const low = v[at]!;
  v[at] = v[at + 1]!;
  v[at + 1] = low;
}

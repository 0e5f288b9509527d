/**
 * A hash of two int32 words into few bits that attackers cannot predict: multiply-shift over the 16-bit
 * halves with secret random multipliers. Any two keys share a bucket with probability 1 / buckets,
 * whatever they are, so nobody can choose keys that collide (Dietzfelbinger's universal hashing).
 */
export class SecretHash {
  readonly #multipliers: Int32Array;
  readonly #shift: number;

  /**
   * @param bits - 1..16; there are 2^bits buckets
   * @param random - numbers in [0, 1) that attackers cannot predict
   */
  constructor(bits: number, random: () => number) {
    this.#multipliers = new Int32Array(5).map(() => random() * 0x1_0000_0000);
    this.#shift = 32 - bits;
  }

  /** The bucket of a key, 0 to 2^bits - 1. */
  bucketOf(left: number, right: number): number {
    const multipliers = this.#multipliers;
    return (
      (multipliers[4]! +
        Math.imul(multipliers[0]!, left >>> 16) +
        Math.imul(multipliers[1]!, left & 0xffff) +
        Math.imul(multipliers[2]!, right >>> 16) +
        Math.imul(multipliers[3]!, right & 0xffff)) >>>
      this.#shift
    );
  }
}

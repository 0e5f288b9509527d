import { sameIPv6Address } from '@6bed4/codec';

const ADDRESS_BYTES = 16;
const WORDS = ADDRESS_BYTES / 2;
const NO_SLOT = -1;

/**
 * @internal Finds slots by IPv6 address without building a key: the addresses lie in one array, slots
 * of the same hash form a chain.
 *
 * The hash is multiply-shift over 16-bit words with secret random multipliers. Any two addresses meet
 * with probability 1 / buckets, whoever chose them, so strangers cannot make a chain long
 * (Dietzfelbinger's universal hashing; proven for up to 2^17 buckets).
 */
export class AddressTable {
  readonly #addresses: Uint8Array;
  readonly #next: Int32Array;
  readonly #buckets: Int32Array;
  readonly #multipliers: Int32Array;
  readonly #shift: number;

  /**
   * @param capacity - slots, 1..2^20
   * @param random - numbers in [0, 1)
   */
  constructor(capacity: number, random: () => number) {
    const bits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#addresses = new Uint8Array(capacity * ADDRESS_BYTES);
    this.#next = new Int32Array(capacity).fill(NO_SLOT);
    this.#buckets = new Int32Array(2 ** bits).fill(NO_SLOT);
    this.#multipliers = new Int32Array(WORDS + 1).map(() => random() * 0x1_0000_0000);
    this.#shift = 32 - bits;
  }

  #hash(bytes: Uint8Array, offset: number): number {
    const multipliers = this.#multipliers;
    let sum = multipliers[WORDS]!;
    for (let word = 0, at = offset; word < WORDS; word++, at += 2) {
      sum = (sum + Math.imul(multipliers[word]!, (bytes[at]! << 8) | bytes[at + 1]!)) | 0;
    }
    return sum >>> this.#shift;
  }

  /** The slot of the address at `offset`, or -1. Does not allocate. */
  find(bytes: Uint8Array, offset: number): number {
    let slot = this.#buckets[this.#hash(bytes, offset)]!;
    while (
      slot !== NO_SLOT &&
      !sameIPv6Address(this.#addresses, slot * ADDRESS_BYTES, bytes, offset)
    ) {
      slot = this.#next[slot]!;
    }
    return slot;
  }

  /** Puts an address that is not in the table into a slot that is not in use. */
  insert(slot: number, bytes: Uint8Array, offset: number): void {
    const at = slot * ADDRESS_BYTES;
    for (let index = 0; index < ADDRESS_BYTES; index++) {
      this.#addresses[at + index] = bytes[offset + index]!;
    }
    const bucket = this.#hash(bytes, offset);
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
  }

  /** Takes a slot out. Its address stays readable until it is used again. */
  remove(slot: number): void {
    const bucket = this.#hash(this.#addresses, slot * ADDRESS_BYTES);
    let previous = this.#buckets[bucket]!;
    if (previous === slot) {
      this.#buckets[bucket] = this.#next[slot]!;
      return;
    }
    while (this.#next[previous] !== slot) previous = this.#next[previous]!;
    this.#next[previous] = this.#next[slot]!;
  }

  /** Copies the address of a slot, 16 bytes. */
  copyAddress(slot: number, out: Uint8Array, offset: number): void {
    const at = slot * ADDRESS_BYTES;
    out.set(this.#addresses.subarray(at, at + ADDRESS_BYTES), offset);
  }
}

import { IPV6_ADDRESS_BYTES, readInt32 } from '@6bed4/codec';
import { grown } from './grown.js';
import { SecretHash } from './secretHash.js';

const KEY_WORDS = 4;
const LOWER_HALF = 8;
/** The slot of an address that is not in a table. */
export const NO_SLOT = -1;
/** A power of two. */
const RECENT = 64;
/** Longer tables have longer chains, by 16 addresses at most. */
const MAX_BUCKET_BITS = 16;

/** The bits by which an {@link AddressTable} distinguishes addresses. */
export interface SignificantBits {
  /** Whether the upper half counts, all of it. */
  readonly upperHalf: boolean;
  /** The bits that count of the two words of the lower half, as int32; what else differs is the same. */
  readonly lowerHalf: readonly [number, number];
  /**
   * Bits of the last word, as int32, that are not all zero in any address of the table: one where they
   * are is never found. 0 for no such rule.
   */
  readonly neverZero: number;
}

/**
 * A table of IPv6 addresses which gives each a slot, a number below its capacity, by which its owner
 * keeps what it knows about the address in columns. Nothing allocates but the constructor,
 * {@link AddressTable.grow} and {@link AddressTable.address}.
 *
 * Lower halves are hashed by a {@link SecretHash}, so attackers cannot make a chain long. Addresses with
 * the same lower half do share a chain, and {@link AddressTable.firstAlike} walks them; the owner limits
 * how many there can be.
 */
export class AddressTable {
  readonly #upperMatters: boolean;
  readonly #thirdMask: number;
  readonly #fourthMask: number;
  readonly #neverZero: number;
  #inUse = new Uint8Array(0);
  // Stryker disable IntegerLiteral: `grow` makes them as long as they must be
  #keys = new Int32Array(0);
  #addresses = new Uint8Array(0);
  /** The chain of a bucket, or of free slots. */
  #next = new Int32Array(0);
  #buckets = new Int32Array(0);
  // Stryker restore IntegerLiteral
  #hash: SecretHash;
  readonly #random: () => number;
  /** Slots found lately, by a few bits of their address: most packets go where others went. */
  readonly #recent = new Int32Array(RECENT).fill(NO_SLOT);
  #free = NO_SLOT;
  #size = 0;

  /**
   * @param capacity - slots at first, 1..2^20; about 45 bytes each are taken at once
   * @param random - numbers in [0, 1), for a hash that attackers cannot predict
   */
  constructor(capacity: number, bits: SignificantBits, random: () => number) {
    this.#upperMatters = bits.upperHalf;
    [this.#thirdMask, this.#fourthMask] = bits.lowerHalf;
    this.#neverZero = bits.neverZero;
    this.#random = random;
    this.#hash = new SecretHash(MAX_BUCKET_BITS, random);
    this.grow(capacity);
  }

  /** Slots, in use or free. */
  get capacity(): number {
    return this.#inUse.length;
  }

  /** Addresses there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Makes room for more addresses; those that are there keep their slots. Takes the longer, the more there
   * are.
   *
   * @param capacity - slots, more than there are, up to 2^20
   */
  grow(capacity: number): void {
    const before = this.capacity;
    this.#keys = grown(this.#keys, capacity * KEY_WORDS);
    this.#addresses = grown(this.#addresses, capacity * IPV6_ADDRESS_BYTES);
    this.#inUse = grown(this.#inUse, capacity);
    this.#next = grown(this.#next, capacity);
    // Stryker disable next-line MethodExpression: with any number of buckets the same is found
    const bits = Math.min(Math.max(1, Math.ceil(Math.log2(capacity))), MAX_BUCKET_BITS);
    this.#hash = new SecretHash(bits, this.#random);
    this.#buckets = new Int32Array(2 ** bits).fill(NO_SLOT);
    for (let slot = capacity - 1; slot >= before; slot--) this.#release(slot);
    this.forEach((slot) => {
      this.#chain(slot);
    });
  }

  /** The slot of the address at `offset`, or -1. For every packet. */
  find(bytes: Uint8Array, offset: number): number {
    const last = readInt32(bytes, offset + LOWER_HALF + 4);
    if ((last & this.#neverZero) === 0 && this.#neverZero !== 0) return NO_SLOT;
    const third = readInt32(bytes, offset + LOWER_HALF) & this.#thirdMask;
    const fourth = last & this.#fourthMask;
    const place = (third ^ (fourth >>> 16)) & (RECENT - 1);
    const recent = this.#recent[place]!;
    // Stryker disable next-line ConditionalExpression,EqualityOperator: finds the same, only slower
    if (recent !== NO_SLOT && this.#isAt(recent, third, fourth, bytes, offset)) return recent;
    const slot = this.#search(third, fourth, bytes, offset);
    // Stryker disable next-line ConditionalExpression,EqualityOperator: what is not found then costs what was
    if (slot !== NO_SLOT) this.#recent[place] = slot;
    return slot;
  }

  /**
   * Takes a slot for an address that has none.
   *
   * @param bytes - the address, 16 bytes at `offset`
   * @returns the slot, or -1 when none is free, until the table grows
   */
  insert(bytes: Uint8Array, offset: number): number {
    const slot = this.#free;
    if (slot === NO_SLOT) return NO_SLOT;
    this.#free = this.#next[slot]!;
    this.#size++;
    this.#inUse[slot] = 1;
    for (let index = 0; index < IPV6_ADDRESS_BYTES; index++) {
      this.#addresses[slot * IPV6_ADDRESS_BYTES + index] = bytes[offset + index]!;
    }
    const third = readInt32(bytes, offset + LOWER_HALF) & this.#thirdMask;
    const fourth = readInt32(bytes, offset + LOWER_HALF + 4) & this.#fourthMask;
    const at = slot * KEY_WORDS;
    this.#keys[at] = readInt32(bytes, offset);
    this.#keys[at + 1] = readInt32(bytes, offset + 4);
    this.#keys[at + 2] = third;
    this.#keys[at + 3] = fourth;
    this.#chain(slot);
    return slot;
  }

  /** Gives the slot of an address back. */
  remove(slot: number): void {
    const at = slot * KEY_WORDS;
    const third = this.#keys[at + 2]!;
    const fourth = this.#keys[at + 3]!;
    const place = (third ^ (fourth >>> 16)) & (RECENT - 1);
    this.#recent[place] = NO_SLOT;
    const bucket = this.#hash.bucketOf(third, fourth);
    let previous = this.#buckets[bucket]!;
    if (previous === slot) {
      this.#buckets[bucket] = this.#next[slot]!;
    } else {
      while (this.#next[previous] !== slot) previous = this.#next[previous]!;
      this.#next[previous] = this.#next[slot]!;
    }
    this.#inUse[slot] = 0;
    this.#release(slot);
    this.#size--;
  }

  /** Whether the address at `offset` has the upper half under which a slot was taken. */
  hasUpperHalf(slot: number, bytes: Uint8Array, offset: number): boolean {
    const keys = this.#keys;
    const at = slot * KEY_WORDS;
    return keys[at] === readInt32(bytes, offset) && keys[at + 1] === readInt32(bytes, offset + 4);
  }

  /** The first slot whose lower half counts as that of the address at `offset`, or -1. */
  firstAlike(bytes: Uint8Array, offset: number): number {
    const third = readInt32(bytes, offset + LOWER_HALF) & this.#thirdMask;
    const fourth = readInt32(bytes, offset + LOWER_HALF + 4) & this.#fourthMask;
    return this.#alike(this.#buckets[this.#hash.bucketOf(third, fourth)]!, third, fourth);
  }

  /** The next one after a slot that {@link firstAlike} or this method returned, or -1. */
  nextAlike(slot: number): number {
    const at = slot * KEY_WORDS;
    return this.#alike(this.#next[slot]!, this.#keys[at + 2]!, this.#keys[at + 3]!);
  }

  /** Calls `visit` with every slot in use; it may remove the one that it is given. */
  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.#inUse[slot] === 1) visit(slot);
    }
  }

  /** The addresses of all slots, 16 bytes each in their order; others after {@link AddressTable.grow}. */
  get addresses(): Uint8Array {
    return this.#addresses;
  }

  /** The address for which a slot was taken, 16 bytes; valid until the slot is released. */
  address(slot: number): Uint8Array {
    return this.#addresses.subarray(slot * IPV6_ADDRESS_BYTES, (slot + 1) * IPV6_ADDRESS_BYTES);
  }

  #chain(slot: number): void {
    const at = slot * KEY_WORDS;
    const bucket = this.#hash.bucketOf(this.#keys[at + 2]!, this.#keys[at + 3]!);
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
  }

  #release(slot: number): void {
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  /** As {@link AddressTable.find}, for an address that was not found lately. */
  #search(third: number, fourth: number, bytes: Uint8Array, offset: number): number {
    let slot = this.#buckets[this.#hash.bucketOf(third, fourth)]!;
    while (slot !== NO_SLOT && !this.#isAt(slot, third, fourth, bytes, offset)) {
      slot = this.#next[slot]!;
    }
    return slot;
  }

  #alike(from: number, third: number, fourth: number): number {
    let slot = from;
    while (slot !== NO_SLOT && !this.#hasLowerHalf(slot, third, fourth)) slot = this.#next[slot]!;
    return slot;
  }

  #isAt(slot: number, third: number, fourth: number, bytes: Uint8Array, offset: number): boolean {
    const keys = this.#keys;
    const at = slot * KEY_WORDS;
    return (
      keys[at + 3] === fourth &&
      keys[at + 2] === third &&
      (!this.#upperMatters || this.hasUpperHalf(slot, bytes, offset))
    );
  }

  #hasLowerHalf(slot: number, third: number, fourth: number): boolean {
    const at = slot * KEY_WORDS;
    return this.#keys[at + 3] === fourth && this.#keys[at + 2] === third;
  }
}

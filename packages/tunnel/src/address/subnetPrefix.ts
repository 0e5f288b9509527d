import { readInt32, sameSubnetPrefix } from '@6bed4/codec';
import { copyBytes } from '@6bed4/nd';

/**
 * The /64 that a router serves (draft-04 §3.3). Compares the upper half of an address in two steps and
 * without allocation.
 */
export class SubnetPrefix {
  readonly #high: number;
  readonly #low: number;
  readonly #bytes: Uint8Array;

  /** @param address - 16 bytes; the upper eight count */
  constructor(address: Uint8Array) {
    this.#bytes = copyBytes(address, 0, 16).fill(0, 8);
    this.#high = readInt32(address, 0);
    this.#low = readInt32(address, 4);
  }

  /** Whether the IPv6 address at `offset` has this subnet prefix. */
  contains(bytes: Uint8Array, offset: number): boolean {
    return readInt32(bytes, offset) === this.#high && readInt32(bytes, offset + 4) === this.#low;
  }

  /** The /64 as 16 bytes with a lower half of zeroes; a fresh copy. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }
}

// Former names, for code that is being moved to the new ones.
export { readInt32, SubnetPrefix as Segment };
export function sameSegment(left: Uint8Array, right: Uint8Array, at = 0): boolean {
  return sameSubnetPrefix(left, 0, right, at);
}

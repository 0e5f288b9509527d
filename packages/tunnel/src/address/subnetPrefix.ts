import { copyBytes } from '@6bed4/nd';

const SEGMENT_BYTES = 8;

/** Reads four bytes as a signed 32-bit number, which compares faster than an unsigned one. */
export function readInt32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! << 24) |
    (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) |
    bytes[offset + 3]!
  );
}

/**
 * The /64 that a router serves: the identity of one 6bed4 network segment (draft-04 §3.3). Compares
 * the upper half of an address in two steps and without allocation.
 */
export class Segment {
  readonly #high: number;
  readonly #low: number;
  readonly #bytes: Uint8Array;

  /** @param address - 16 bytes; the upper eight count */
  constructor(address: Uint8Array) {
    this.#bytes = copyBytes(address, 0, 16).fill(0, 8);
    this.#high = readInt32(address, 0);
    this.#low = readInt32(address, 4);
  }

  /** Whether the IPv6 address at `offset` lies in this segment. */
  contains(bytes: Uint8Array, offset: number): boolean {
    return readInt32(bytes, offset) === this.#high && readInt32(bytes, offset + 4) === this.#low;
  }

  /** The /64 as 16 bytes with a lower half of zeroes; a fresh copy. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }
}

/** Whether two IPv6 addresses have the same upper half. */
export function sameSegment(left: Uint8Array, right: Uint8Array, at = 0): boolean {
  for (let index = 0; index < SEGMENT_BYTES; index++) {
    if (left[index] !== right[at + index]) return false;
  }
  return true;
}

import { LITTLE_ENDIAN } from './native.js';
import type { RawLibc } from './rawLibc.js';

const ALIGNMENT = 64;
const HIGH = 0x1_0000_0000;
const ATTEMPTS = 64;

/**
 * A buffer at a fixed address that is shared with the kernel: packets, and the structures that describe
 * to the kernel where they are. Offsets into it take the place of pointers.
 *
 * It never crosses a multiple of 4 GB, so that the upper half of all pointers into it is the same and
 * the data path computes with integers only.
 */
export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The same memory as words in the byte order of this computer. */
  readonly words: Int32Array;
  /** The address of offset 0. */
  readonly address: number;
  readonly longSize: 4 | 8;
  readonly #low: number;
  readonly #high: number;
  #used = 0;

  constructor(libc: RawLibc, size: number) {
    const [buffer, address] = allocate(libc, size);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.address = address;
    this.longSize = libc.longSize;
    this.#low = (address % HIGH) | 0;
    this.#high = Math.floor(address / HIGH);
  }

  /** Sets memory aside and returns its offset. */
  reserve(size: number, alignment: number = ALIGNMENT): number {
    const at = Math.ceil(this.#used / alignment) * alignment;
    if (at + size > this.bytes.length) {
      throw new RangeError(`arena: found ${at + size} bytes wanted, expected ${this.bytes.length}`);
    }
    this.#used = at + size;
    return at;
  }

  /** Stores at `at`, a multiple of the size of a pointer, a pointer to the offset `to`. */
  setPointer(at: number, to: number): void {
    const low = (this.#low + to) | 0;
    const word = at >> 2;
    if (this.longSize === 4) {
      this.words[word] = low;
    } else if (LITTLE_ENDIAN) {
      this.words[word] = low;
      this.words[word + 1] = this.#high;
    } else {
      this.words[word] = this.#high;
      this.words[word + 1] = low;
    }
  }

  /** Stores a `size_t` below 2^31. */
  setSize(at: number, size: number): void {
    const word = at >> 2;
    if (this.longSize === 4) {
      this.words[word] = size;
    } else if (LITTLE_ENDIAN) {
      this.words[word] = size;
      this.words[word + 1] = 0;
    } else {
      this.words[word] = 0;
      this.words[word + 1] = size;
    }
  }

  /** Reads a `size_t` below 2^31. */
  getSize(at: number): number {
    const word = at >> 2;
    return this.words[this.longSize === 8 && !LITTLE_ENDIAN ? word + 1 : word]!;
  }
}

function allocate(libc: RawLibc, size: number): [ArrayBuffer, number] {
  // References are kept until one fits, so that each allocation has another address.
  const refused: ArrayBuffer[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const buffer = new ArrayBuffer(size);
    const address = libc.addressOf(buffer);
    if ((address % HIGH) + size <= HIGH) return [buffer, address];
    refused.push(buffer);
  }
  throw new RangeError(`arena: no ${size} bytes within 4 GB in ${refused.length} attempts`);
}

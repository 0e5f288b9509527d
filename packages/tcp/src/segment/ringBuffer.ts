import { MemoryPool } from './memoryPool.js';

/** Bytes that each buffer may have, however little memory is left: so that every connection goes on. */
const LEAST_CAPACITY = 4_096;
const HIGHEST_CAPACITY = 2 ** 30;
const NOTHING = new Uint8Array(0);

/**
 * Bytes by sequence number, as many as the capacity from some number on: what is written at one number is read
 * there again. The capacity grows by doubling; empty, it has no memory at all, so that idle connections cost
 * little.
 */
export class RingBuffer {
  #bytes: Uint8Array = NOTHING;
  #mask = 0;
  #pool: MemoryPool;
  /** With which capacity to begin: half of the last one, so that bulk data does not make it grow each time. */
  #first = LEAST_CAPACITY;

  constructor(pool: MemoryPool = new MemoryPool()) {
    this.#pool = pool;
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The highest capacity that the memory which is left allows. */
  get available(): number {
    const most = Math.min(this.#bytes.length + this.#pool.left, HIGHEST_CAPACITY);
    const fitting = most > 0 ? 1 << (31 - Math.clz32(most)) : 0;
    return Math.max(fitting, this.#bytes.length, LEAST_CAPACITY);
  }

  /**
   * Makes place for the bytes from `start` on.
   *
   * @param start - sequence number of the first byte that is kept
   * @param used - bytes that are kept, from there on
   * @param wanted - bytes that there must be place for, from there on; not more than are {@link available}
   */
  reserve(start: number, used: number, wanted: number): void {
    if (wanted <= this.#bytes.length) return;
    const old = this.#bytes;
    const oldMask = this.#mask;
    const isFirst = old.length === 0 && this.#first <= this.#pool.left;
    let capacity = isFirst ? this.#first : Math.max(old.length, LEAST_CAPACITY);
    while (capacity < wanted) capacity *= 2;
    this.#bytes = this.#pool.take(capacity);
    this.#mask = capacity - 1;
    let done = 0;
    while (done < used) {
      const from = (start + done) & oldMask;
      const count = Math.min(used - done, old.length - from);
      this.write(start + done, old, from, count);
      done += count;
    }
    this.#pool.giveBack(old);
  }

  /** Gives the memory back. */
  release(): void {
    if (this.#bytes.length === 0) return;
    this.#first = Math.max(LEAST_CAPACITY, this.#bytes.length >> 1);
    this.#pool.giveBack(this.#bytes);
    this.#bytes = NOTHING;
    this.#mask = 0;
  }

  /** Counts in the pool no more: the connection is over, and what it holds is its owner's. */
  leavePool(): void {
    this.#pool.used -= this.#bytes.length;
    this.#pool = new MemoryPool();
    this.#pool.used = this.#bytes.length;
  }

  /** Writes bytes at a sequence number. */
  write(sequence: number, from: Uint8Array, offset: number, length: number): void {
    const at = sequence & this.#mask;
    const first = Math.min(length, this.#bytes.length - at);
    copy(from, offset, first, this.#bytes, at);
    if (first < length) copy(from, offset + first, length - first, this.#bytes, 0);
  }

  /** Reads bytes from a sequence number on. */
  read(sequence: number, into: Uint8Array, offset: number, length: number): void {
    const at = sequence & this.#mask;
    const first = Math.min(length, this.#bytes.length - at);
    copy(this.#bytes, at, first, into, offset);
    if (first < length) copy(this.#bytes, 0, length - first, into, offset + first);
  }
}

/** Below this, a loop is faster than a view and a copy. */
const SHORT = 48;

function copy(
  from: Uint8Array,
  offset: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  if (length < SHORT) {
    for (let index = 0; index < length; index++) into[at + index] = from[offset + index]!;
  } else {
    into.set(from.subarray(offset, offset + length), at);
  }
}

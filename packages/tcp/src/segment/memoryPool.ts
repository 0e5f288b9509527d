/** Bytes of buffers that are kept for the next one who needs them, instead of new ones, which are filled with zeros. */
const MOST_SPARE = 4 * 1024 * 1024;

/** The memory that the buffers of a stack have together. The capacity of each is a power of two. */
export class MemoryPool {
  /** Bytes in use. */
  used = 0;
  readonly #limit: number;
  /** Buffers that nobody has, by the logarithm of their capacity. */
  readonly #spare: Uint8Array[][] = [];
  #spareBytes = 0;

  /** @param limit - bytes that buffers may have, but for the least that each may have anyway */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Bytes that are not in use; negative when the least of all buffers is more than the limit. */
  get left(): number {
    return this.#limit - this.used;
  }

  /** A buffer of this capacity; what is in it is left from before. */
  take(capacity: number): Uint8Array {
    this.used += capacity;
    const spare = this.#spare[31 - Math.clz32(capacity)]?.pop();
    if (spare === undefined) return new Uint8Array(capacity);
    this.#spareBytes -= capacity;
    return spare;
  }

  /** Takes a buffer back that {@link take} has given. */
  giveBack(bytes: Uint8Array): void {
    this.used -= bytes.length;
    if (bytes.length === 0 || this.#spareBytes + bytes.length > MOST_SPARE) return;
    this.#spareBytes += bytes.length;
    const kind = 31 - Math.clz32(bytes.length);
    const alike = this.#spare[kind];
    if (alike === undefined) this.#spare[kind] = [bytes];
    else alike.push(bytes);
  }
}

/** The memory that the buffers of a stack have together. */
export class MemoryPool {
  /** Bytes in use. */
  used = 0;
  readonly #limit: number;

  /** @param limit - bytes that buffers may have, but for the least that each may have anyway */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Bytes that are not in use; negative when the least of all buffers is more than the limit. */
  get left(): number {
    return this.#limit - this.used;
  }
}

/** Buffers that are kept for later. */
const MAX_KEPT = 256;

/** Packets that wait, in buffers that are used again. */
export class PacketQueue {
  readonly #size: number;
  readonly #buffers: Uint8Array[] = [];
  readonly #lengths: number[] = [];
  #count = 0;

  /** @param size - bytes of the longest packet */
  constructor(size: number) {
    this.#size = size;
  }

  get count(): number {
    return this.#count;
  }

  /** Copies a packet. */
  push(bytes: Uint8Array, offset: number, length: number): void {
    const index = this.#count++;
    this.#buffers[index] ??= new Uint8Array(this.#size);
    const buffer = this.#buffers[index];
    buffer.set(
      offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length),
    );
    this.#lengths[index] = length;
  }

  /** Hands over what waits, in order; what is added meanwhile, too. */
  drain(take: (bytes: Uint8Array, offset: number, length: number) => void): void {
    for (let index = 0; index < this.#count; index++) {
      take(this.#buffers[index]!, 0, this.#lengths[index]!);
    }
    this.#count = 0;
    if (this.#buffers.length > MAX_KEPT) this.#buffers.length = MAX_KEPT;
  }

  clear(): void {
    this.#count = 0;
  }
}

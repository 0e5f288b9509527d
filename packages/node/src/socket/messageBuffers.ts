import { BytesPart } from '../bytesPart.js';

/** Bytes that are allocated at a time: some 25 full packets. A program that keeps one message keeps all of them. */
const SLAB_SIZE = 32_768;
/** Larger messages have memory of their own. */
const LARGEST_IN_SLAB = 2_048;

/**
 * Makes the buffers of messages for programs. As `Buffer.allocUnsafe`, whose pool is too small for messages of
 * usual size: each sixth would need new memory.
 */
export class MessageBuffers {
  #slab = new ArrayBuffer(0);
  #used = 0;
  readonly #part = new BytesPart();

  /** Copies bytes, which the program may keep. */
  copy(bytes: Uint8Array, offset: number, length: number): Buffer {
    const message = this.#allocate(length);
    message.set(this.#part.of(bytes, offset, length));
    return message;
  }

  #allocate(length: number): Buffer {
    if (length > LARGEST_IN_SLAB) return Buffer.allocUnsafeSlow(length);
    if (this.#used + length > this.#slab.byteLength) {
      // Not `new ArrayBuffer`, which would fill it with zeros.
      this.#slab = Buffer.allocUnsafeSlow(SLAB_SIZE).buffer as ArrayBuffer;
      this.#used = 0;
    }
    const message = Buffer.from(this.#slab, this.#used, length);
    this.#used += length;
    return message;
  }
}

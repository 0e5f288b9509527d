/**
 * A view of a part of some bytes, made anew only when another part is wanted than before: most datagrams have the place
 * and the length of the one before, and a view is slow to make.
 */
export class BytesPart {
  #bytes: Uint8Array = new Uint8Array(0);
  #part: Uint8Array = this.#bytes;
  #offset = 0;

  /** @param bytes - a plain `Uint8Array`; kept until another one is given */
  of(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    if (bytes !== this.#bytes || offset !== this.#offset || length !== this.#part.length) {
      this.#part = bytes.subarray(offset, offset + length);
      this.#bytes = bytes;
      this.#offset = offset;
    }
    return this.#part;
  }
}

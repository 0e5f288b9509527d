/** Larger than any packet of the tunnel; what is larger still gets a buffer of its own. */
const SLOT_SIZE = 2048;

/**
 * Copies of datagrams that the system has not taken yet. Usually it takes each at once, and one slot
 * serves for all; while some wait, each keeps its own.
 */
export class SendBuffers {
  readonly #slots: Uint8Array[] = [];
  #used = 0;

  /**
   * Copies a datagram to where it stays until it is sent.
   *
   * @param waiting - whether earlier datagrams still wait; when none does, all slots are free again
   */
  keep(bytes: Uint8Array, offset: number, length: number, waiting: boolean): Uint8Array {
    if (!waiting) this.#used = 0;
    if (length > SLOT_SIZE) return bytes.slice(offset, offset + length);
    let slot = this.#slots[this.#used];
    if (slot === undefined) {
      slot = new Uint8Array(SLOT_SIZE);
      this.#slots.push(slot);
    }
    this.#used++;
    slot.set(
      offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length),
    );
    return slot;
  }
}

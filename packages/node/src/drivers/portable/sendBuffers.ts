import { BytesPart } from '../../bytesPart.js';

/** Larger than any packet of the tunnel; what is larger still gets a buffer of its own. */
const SLOT_SIZE = 2048;

/**
 * Copies of datagrams that the system has not taken yet. Usually it takes each at once, and one slot
 * serves for all; while some wait, each keeps its own.
 */
export class SendBuffers {
  readonly #slots: Slot[] = [];
  readonly #part = new BytesPart();
  #used = 0;

  /**
   * Copies a datagram to where it stays until it is sent.
   *
   * @param waiting - whether earlier datagrams still wait; when none does, all slots are free again
   */
  keep(bytes: Uint8Array, offset: number, length: number, waiting: boolean): Uint8Array {
    if (!waiting) this.#used = 0;
    if (length > SLOT_SIZE) return bytes.slice(offset, offset + length);
    const slot = this.#slotOf(length);
    slot.datagram.set(this.#part.of(bytes, offset, length));
    return slot.datagram;
  }

  #slotOf(length: number): Slot {
    let slot = this.#slots[this.#used];
    if (slot === undefined) {
      const memory = new ArrayBuffer(SLOT_SIZE);
      slot = { memory, datagram: new Uint8Array(memory, 0, length) };
      this.#slots.push(slot);
    }
    this.#used++;
    // Most datagrams have the length of the one before, and a view is slow to make.
    if (slot.datagram.length !== length) slot.datagram = new Uint8Array(slot.memory, 0, length);
    return slot;
  }
}

interface Slot {
  readonly memory: ArrayBuffer;
  /** The datagram that was kept last. */
  datagram: Uint8Array;
}

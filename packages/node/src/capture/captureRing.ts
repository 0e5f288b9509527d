/*
 * Memory that one thread writes blocks of pcapng to and another reads them from, without locks:
 *
 *   | head | tail | received, dropped of each side | blocks …
 *
 * The writer alone moves the head, the reader alone the tail, both after the bytes. They are equal when nothing is
 * there, so a few bytes always stay free. A block lies in one piece: where the end has no room for one, a zero
 * word says so, and it is at the beginning.
 */
const HEAD = 0;
const TAIL = 1;
const COUNTS = 2;
/** Words of the header: the counts are 64-bit floats behind two words. */
const HEADER_SIZE = 64;
const WORD = 4;
/** Offset of the total length in a block. */
const BLOCK_LENGTH = 4;
const FULL = -1;
/** Bytes for what a thread captures until it is looked at again: 20 ms of 3 Gbit/s. */
const THREAD_SIZE = 8 << 20;

/** The side of a packet, which is the number of its counts. */
export const CaptureSide = { outer: 0, inner: 1 } as const;
/** One of the numbers in {@link CaptureSide}. */
export type CaptureSideCode = (typeof CaptureSide)[keyof typeof CaptureSide];

/** Counts of packets of one side. */
export interface CaptureCounts {
  readonly received: number;
  readonly dropped: number;
}

/** The end of a ring that blocks are written to; for one thread. */
export class CaptureRingWriter {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #state: Int32Array;
  readonly #counts: Float64Array;
  readonly #size: number;
  #reserved = 0;

  /** @param memory - of {@link ringMemory} */
  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory, 0, COUNTS);
    this.#counts = new Float64Array(memory, COUNTS * WORD, 4);
    this.#size = memory.byteLength - HEADER_SIZE;
    this.bytes = new Uint8Array(memory, HEADER_SIZE);
    this.view = new DataView(memory, HEADER_SIZE);
  }

  /**
   * Counts a packet and finds room for its block.
   *
   * @param length - bytes of the block, a multiple of 4
   * @returns where it begins, for {@link commit}; -1 when there is no room, which is counted
   */
  reserve(side: CaptureSideCode, length: number): number {
    this.#counts[2 * side]!++;
    const head = Atomics.load(this.#state, HEAD);
    const tail = Atomics.load(this.#state, TAIL);
    const at = this.#place(head, tail, length);
    if (at === FULL) {
      this.#counts[2 * side + 1]!++;
      return FULL;
    }
    if (at !== head && head < this.#size) this.view.setInt32(head, 0, true);
    this.#reserved = at + length;
    return at;
  }

  /** Hands over the block that was reserved last. */
  commit(): void {
    Atomics.store(this.#state, HEAD, this.#reserved);
  }

  #place(head: number, tail: number, length: number): number {
    if (head < tail) return head + length < tail ? head : FULL;
    if (head + length <= this.#size) return head;
    return length < tail ? 0 : FULL;
  }
}

/** The end of a ring that blocks are read from; for one thread. */
export class CaptureRingReader {
  readonly #state: Int32Array;
  readonly #counts: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @param memory - of {@link ringMemory} */
  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory, 0, COUNTS);
    this.#counts = new Float64Array(memory, COUNTS * WORD, 4);
    this.#bytes = new Uint8Array(memory, HEADER_SIZE);
    this.#view = new DataView(memory, HEADER_SIZE);
  }

  /** Packets of a side so far. */
  counts(side: CaptureSideCode): CaptureCounts {
    return { received: this.#counts[2 * side]!, dropped: this.#counts[2 * side + 1]! };
  }

  /**
   * Takes blocks that lie in one piece.
   *
   * @param most - blocks to take at most
   * @returns a copy of them, and how many they are; null when there are none
   */
  take(most: number): { readonly bytes: Buffer; readonly blocks: number } | null {
    const head = Atomics.load(this.#state, HEAD);
    let tail = Atomics.load(this.#state, TAIL);
    if (tail === head) return null;
    if (tail > head && this.#isEnd(tail)) tail = 0;
    const start = tail;
    let blocks = 0;
    while (blocks < most && tail !== head && !(tail > head && this.#isEnd(tail))) {
      tail += this.#view.getInt32(tail + BLOCK_LENGTH, true);
      blocks++;
    }
    const bytes = Buffer.from(this.#bytes.slice(start, tail));
    Atomics.store(this.#state, TAIL, tail);
    return blocks === 0 ? null : { bytes, blocks };
  }

  /** Whether the blocks go on at the beginning. */
  #isEnd(at: number): boolean {
    return at === this.#bytes.length || this.#view.getInt32(at, true) === 0;
  }
}

/** Memory for a ring with so many bytes of blocks, a multiple of 4. */
export function ringMemory(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_SIZE + size);
}

/** Memory for the ring of a thread that carries packets. */
export function ringOfThread(): SharedArrayBuffer {
  return ringMemory(THREAD_SIZE);
}

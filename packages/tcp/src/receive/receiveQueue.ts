import type { MemoryPool } from '../segment/memoryPool.js';
import { RingBuffer } from '../segment/ringBuffer.js';
import { advance, distance, isAfter, isBefore } from '../segment/sequence.js';

/** Ranges of data behind a gap that are kept, at most: more only serve who wants to fill our memory. */
const MOST_RANGES = 64;

const NONE = new Int32Array(0);

/**
 * The data that arrived and was not read yet: in order up to {@link next}, and ranges behind gaps. What
 * arrives twice is kept once, and the first copy counts.
 */
export class ReceiveQueue {
  readonly #data: RingBuffer;
  /** Left and right edges of the ranges behind {@link next}, in order, apart from each other. */
  #edges = NONE;
  #ranges = 0;
  /** Left edges of the ranges that changed last, the latest first (RFC 2018 §4). */
  readonly #recent: number[] = [];
  #read: number;
  #next: number;
  #isEnded = false;

  /** @param next - RCV.NXT: the first byte that is missing */
  constructor(next: number, pool?: MemoryPool) {
    this.#data = new RingBuffer(pool);
    this.#read = next;
    this.#next = next;
  }

  /** RCV.NXT: the first byte that is missing. */
  get next(): number {
    return this.#next;
  }

  /** Bytes that can be read. */
  get readable(): number {
    return distance(this.#read, this.#next) - (this.#isEnded ? 1 : 0);
  }

  /** Whether something arrived behind a gap. */
  get hasGaps(): boolean {
    return this.#ranges > 0;
  }

  /** Bytes of memory in use. */
  get memory(): number {
    return this.#data.capacity;
  }

  /** Bytes that can be kept, as far as memory goes. */
  get available(): number {
    return this.#data.available;
  }

  /** The connection is over. */
  leavePool(): void {
    this.#data.leavePool();
  }

  /** Counts the FIN, which is the next one. */
  end(): void {
    this.#next = advance(this.#next, 1);
    this.#isEnded = true;
  }

  /**
   * Takes data that lies in the window, which must not be larger than 2^30 bytes.
   *
   * @param sequence - of the first byte; may come before {@link next}
   * @returns whether there is more to read than before
   */
  take(sequence: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const early = Math.max(0, distance(sequence, this.#next));
    // What there is no memory for is sent again.
    const room = distance(sequence, advance(this.#read, this.#data.available));
    const count = Math.min(length, room);
    if (early >= count) return false;
    const start = advance(sequence, early);
    const end = advance(sequence, count);
    if (start === this.#next && this.#ranges === 0) {
      this.#store(start, bytes, offset + early, count - early);
      this.#next = end;
      return true;
    }
    if (!this.#insert(start, end, bytes, offset + early)) return false;
    if (isAfter(this.#edges[0]!, this.#next)) return false;
    this.#next = this.#edges[1]!;
    this.#remove(0, 1);
    return true;
  }

  /** Reads up to `length` bytes; returns how many. */
  read(into: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.readable);
    this.#data.read(this.#read, into, offset, count);
    this.#read = advance(this.#read, count);
    if (this.readable === 0 && this.#ranges === 0) this.#data.release();
    return count;
  }

  /**
   * Writes the edges of the ranges behind gaps into `edges`, that of the latest segment first (RFC 2018
   * §4).
   *
   * @param first - number of the first block to write
   * @param most - blocks, with those before the first
   * @returns the number of blocks, with those before the first
   */
  sackBlocks(edges: Int32Array, first: number, most: number): number {
    let count = first;
    for (const left of this.#recent) {
      if (count >= most) break;
      const range = this.#rangeAt(left);
      if (range < 0 || includes(edges, first, count, this.#edges[2 * range]!)) continue;
      edges[2 * count] = this.#edges[2 * range]!;
      edges[2 * count + 1] = this.#edges[2 * range + 1]!;
      count++;
    }
    return count;
  }

  /** The end of what is there without a gap from a sequence number on; that number when nothing is. */
  endOfKnown(sequence: number): number {
    if (isBefore(sequence, this.#next)) return this.#next;
    const range = this.#rangeAt(sequence);
    return range < 0 ? sequence : this.#edges[2 * range + 1]!;
  }

  #store(start: number, bytes: Uint8Array, offset: number, length: number): void {
    const used = this.#ranges === 0 ? this.#next : this.#edges[2 * this.#ranges - 1]!;
    this.#data.reserve(
      this.#read,
      distance(this.#read, used),
      distance(this.#read, advance(start, length)),
    );
    this.#data.write(start, bytes, offset, length);
  }

  /** Keeps a range, together with those that it touches; false when there are too many. */
  #insert(start: number, end: number, bytes: Uint8Array, offset: number): boolean {
    if (this.#edges === NONE) this.#edges = new Int32Array(2 * (MOST_RANGES + 1));
    const edges = this.#edges;
    let first = 0;
    while (first < this.#ranges && isBefore(edges[2 * first + 1]!, start)) first++;
    let behind = first;
    while (behind < this.#ranges && !isAfter(edges[2 * behind]!, end)) behind++;
    if (first === behind && this.#ranges >= MOST_RANGES && start !== this.#next) return false;
    this.#fill(first, behind, start, end, bytes, offset);
    let left = start;
    let right = end;
    if (first < behind) {
      if (isBefore(edges[2 * first]!, left)) left = edges[2 * first]!;
      if (isAfter(edges[2 * behind - 1]!, right)) right = edges[2 * behind - 1]!;
    }
    this.#replace(first, behind, left, right);
    this.#noteRecent(left);
    return true;
  }

  /** Stores the parts of a range that no other range has. */
  #fill(
    first: number,
    behind: number,
    start: number,
    end: number,
    bytes: Uint8Array,
    offset: number,
  ): void {
    let at = start;
    for (let range = first; range <= behind; range++) {
      const isLast = range === behind;
      const gapEnd =
        isLast || isAfter(this.#edges[2 * range]!, end) ? end : this.#edges[2 * range]!;
      const length = distance(at, gapEnd);
      if (length > 0) this.#store(at, bytes, offset + distance(start, at), length);
      if (isLast) return;
      if (isAfter(this.#edges[2 * range + 1]!, at)) at = this.#edges[2 * range + 1]!;
    }
  }

  /** Puts one range in the place of those from `first` to before `behind`. */
  #replace(first: number, behind: number, left: number, right: number): void {
    const edges = this.#edges;
    edges.copyWithin(2 * (first + 1), 2 * behind, 2 * this.#ranges);
    this.#ranges += 1 - (behind - first);
    edges[2 * first] = left;
    edges[2 * first + 1] = right;
  }

  #remove(first: number, behind: number): void {
    this.#edges.copyWithin(2 * first, 2 * behind, 2 * this.#ranges);
    this.#ranges -= behind - first;
    if (this.#ranges === 0) this.#recent.length = 0;
  }

  #noteRecent(left: number): void {
    const recent = this.#recent;
    const at = recent.indexOf(left);
    if (at >= 0) recent.splice(at, 1);
    else if (recent.length >= MOST_RANGES) recent.pop();
    recent.unshift(left);
  }

  #rangeAt(sequence: number): number {
    for (let range = 0; range < this.#ranges; range++) {
      if (
        !isAfter(this.#edges[2 * range]!, sequence) &&
        isBefore(sequence, this.#edges[2 * range + 1]!)
      ) {
        return range;
      }
    }
    return -1;
  }
}

function includes(edges: Int32Array, first: number, count: number, left: number): boolean {
  for (let index = first; index < count; index++) if (edges[2 * index] === left) return true;
  return false;
}

import type { MemoryPool } from '../segment/memoryPool.js';
import { RingBuffer } from '../segment/ringBuffer.js';
import { advance, distance, isAfter } from '../segment/sequence.js';

/** The data that was written and not acknowledged yet, and the FIN behind it. */
export class SendQueue {
  readonly #data: RingBuffer;
  #start: number;
  #end: number;
  #limit: number;
  #isFinished = false;

  /**
   * @param start - sequence number of the first byte
   * @param limit - bytes that are kept at most
   */
  constructor(start: number, limit: number, pool?: MemoryPool) {
    this.#data = new RingBuffer(pool);
    this.#start = start;
    this.#end = start;
    this.#limit = limit;
  }

  /** Sequence number behind the last byte written; that of the FIN. */
  get end(): number {
    return this.#end;
  }

  /** Whether a FIN follows the data. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Bytes that are kept. */
  get length(): number {
    return distance(this.#start, this.#end);
  }

  /** Bytes that {@link write} takes. */
  get room(): number {
    if (this.#isFinished) return 0;
    return Math.max(0, Math.min(this.#limit, this.#data.available) - this.length);
  }

  /** Bytes of memory in use. */
  get memory(): number {
    return this.#data.capacity;
  }

  set limit(limit: number) {
    this.#limit = limit;
  }

  /** Copies as many bytes as there is room for; returns how many. */
  write(bytes: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.room);
    if (count === 0) return 0;
    this.#data.reserve(this.#start, this.length, this.length + count);
    this.#data.write(this.#end, bytes, offset, count);
    this.#end = advance(this.#end, count);
    return count;
  }

  /** The connection is over. */
  leavePool(): void {
    this.#data.leavePool();
  }

  /** Nothing follows any more but the FIN. */
  finish(): void {
    this.#isFinished = true;
  }

  /** Copies bytes from a sequence number on into a segment. */
  read(sequence: number, into: Uint8Array, offset: number, length: number): void {
    this.#data.read(sequence, into, offset, length);
  }

  /** What comes before a sequence number is needed no more. */
  acknowledge(sequence: number): void {
    this.#start = isAfter(sequence, this.#end) ? this.#end : sequence;
    if (this.#start === this.#end) this.#data.release();
  }
}

import type { Arena } from '../kernel/arena.js';
import { UDP_MAX_SEGMENTS } from '../kernel/constants.js';
import { type MessageLayout, messageLayout } from '../kernel/messageLayout.js';

/** Bytes of an arena that {@link MessageVectors} take for each message. */
export const MESSAGE_VECTORS_SIZE = UDP_MAX_SEGMENTS * 16;

/** The pieces of memory that each message of a batch consists of: `struct iovec`, as many as it has datagrams at most. */
export class MessageVectors {
  readonly #arena: Arena;
  readonly #layout: MessageLayout;
  readonly #first: number;
  /** Offsets of the pieces; their pointers are slow to read. */
  readonly #starts: Int32Array;

  /** @param messages - number of messages */
  constructor(arena: Arena, messages: number) {
    this.#arena = arena;
    this.#layout = messageLayout(arena.longSize);
    this.#first = arena.reserve(messages * UDP_MAX_SEGMENTS * this.#layout.vectorSize);
    this.#starts = new Int32Array(messages * UDP_MAX_SEGMENTS);
  }

  /** Offset of the `struct iovec` of a piece. */
  at(slot: number, index: number): number {
    return this.#first + (slot * UDP_MAX_SEGMENTS + index) * this.#layout.vectorSize;
  }

  /** Offset of a piece. */
  start(slot: number, index: number): number {
    return this.#starts[slot * UDP_MAX_SEGMENTS + index]!;
  }

  /** Bytes of a piece. */
  length(slot: number, index: number): number {
    return this.#arena.getSize(this.at(slot, index) + this.#layout.vectorLength);
  }

  /** Describes a piece. */
  set(slot: number, index: number, at: number, length: number): void {
    const vector = this.at(slot, index);
    this.#starts[slot * UDP_MAX_SEGMENTS + index] = at;
    this.#arena.setPointer(vector, at);
    this.#arena.setSize(vector + this.#layout.vectorLength, length);
  }

  /** Adds bytes that lie behind it to a piece. */
  lengthen(slot: number, index: number, bytes: number): void {
    const at = this.at(slot, index) + this.#layout.vectorLength;
    this.#arena.setSize(at, this.#arena.getSize(at) + bytes);
  }
}

import type { Arena } from './arena.js';
import type { MessageLayout } from './messageLayout.js';
import { LITTLE_ENDIAN } from './native.js';

/** Writes the control messages of one datagram (cmsg(3)). */
export class ControlWriter {
  readonly #arena: Arena;
  readonly #layout: MessageLayout;
  #start = 0;
  #at = 0;

  constructor(arena: Arena, layout: MessageLayout) {
    this.#arena = arena;
    this.#layout = layout;
  }

  /** Begins at this offset, a multiple of the alignment. */
  begin(at: number): void {
    this.#start = at;
    this.#at = at;
  }

  /** Bytes written: the value of `msg_controllen`. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** Adds an `int`. */
  int32(level: number, type: number, value: number): void {
    this.#arena.words[this.#header(level, type, 4) >> 2] = value;
  }

  /** Adds a `uint16_t`. */
  uint16(level: number, type: number, value: number): void {
    this.#arena.view.setUint16(this.#header(level, type, 2), value, LITTLE_ENDIAN);
  }

  /** Adds bytes. */
  bytes(level: number, type: number, value: Uint8Array): void {
    this.#arena.bytes.set(value, this.#header(level, type, value.length));
  }

  #header(level: number, type: number, size: number): number {
    const { controlLevel, controlType, controlData, controlAlignment } = this.#layout;
    const at = this.#at;
    this.#arena.setSize(at, controlData + size);
    this.#arena.words[(at + controlLevel) >> 2] = level;
    this.#arena.words[(at + controlType) >> 2] = type;
    const end = at + controlData + size;
    this.#at = end + (-(end - this.#start) & (controlAlignment - 1));
    return at + controlData;
  }
}

/**
 * Finds an `int` among the control messages of a datagram.
 *
 * @param length - `msg_controllen` as the kernel left it
 * @returns 0 when there is none
 */
export function findControlInt32(
  arena: Arena,
  layout: MessageLayout,
  start: number,
  length: number,
  level: number,
  type: number,
): number {
  const { controlLevel, controlType, controlData, controlAlignment } = layout;
  const end = start + length;
  for (let at = start; at + controlData <= end; ) {
    const size = arena.getSize(at);
    if (size < controlData || at + size > end) return 0;
    if (
      size >= controlData + 4 &&
      arena.words[(at + controlLevel) >> 2] === level &&
      arena.words[(at + controlType) >> 2] === type
    ) {
      return arena.words[(at + controlData) >> 2]!;
    }
    at += (size + controlAlignment - 1) & -controlAlignment;
  }
  return 0;
}

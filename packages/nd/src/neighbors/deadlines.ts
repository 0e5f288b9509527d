const NONE = -1;

/**
 * Deadlines of slots that all run for the same time, so that the order in which they were set is the
 * order in which they fall due. Setting, removing and looking take constant time; nothing allocates.
 */
export class Deadlines {
  readonly #duration: number;
  readonly #at: Float64Array;
  readonly #earlier: Int32Array;
  readonly #later: Int32Array;
  #first = NONE;
  #last = NONE;

  /** @param duration - milliseconds */
  constructor(capacity: number, duration: number) {
    this.#duration = duration;
    this.#at = new Float64Array(capacity).fill(Number.NaN);
    this.#earlier = new Int32Array(capacity).fill(NONE);
    this.#later = new Int32Array(capacity).fill(NONE);
  }

  /** Runs the deadline of a slot from `now` on, anew if it was running. */
  set(slot: number, now: number): void {
    this.remove(slot);
    this.#at[slot] = now + this.#duration;
    this.#earlier[slot] = this.#last;
    this.#later[slot] = NONE;
    if (this.#last === NONE) this.#first = slot;
    else this.#later[this.#last] = slot;
    this.#last = slot;
  }

  /** Stops the deadline of a slot, if one runs. */
  remove(slot: number): void {
    if (Number.isNaN(this.#at[slot])) return;
    const earlier = this.#earlier[slot]!;
    const later = this.#later[slot]!;
    if (earlier === NONE) this.#first = later;
    else this.#later[earlier] = later;
    if (later === NONE) this.#last = earlier;
    else this.#earlier[later] = earlier;
    this.#at[slot] = Number.NaN;
  }

  /** When the next one falls due, in milliseconds; `Infinity` for never. */
  next(): number {
    return this.#first === NONE ? Number.POSITIVE_INFINITY : this.#at[this.#first]!;
  }

  /** Takes a slot that is due, or returns -1. */
  take(now: number): number {
    const slot = this.#first;
    if (slot === NONE || this.#at[slot]! > now) return NONE;
    this.remove(slot);
    return slot;
  }
}

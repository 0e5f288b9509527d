import { grown } from './grown.js';

const NONE = -1;
const STOPPED = 255;
const NOW = 0;
const NEXT = 1;

/**
 * Deadlines of slots, each of which runs for one of a few durations. Those of one duration fall due in
 * the order in which they were set, so each duration has a list and nothing is ever sorted: setting,
 * clearing and looking take constant time, and nothing allocates but {@link Deadlines.grow}.
 *
 * A clock that runs backwards counts as standing still, so that the order is kept.
 */
export class Deadlines {
  readonly #durations: Float64Array;
  #at: Float64Array;
  /** The duration by which the deadline of a slot runs, as an index; 255 while none runs. */
  #kinds: Uint8Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  #earlier: Int32Array;
  #later: Int32Array;
  /** The latest time, and what {@link Deadlines.next} found: elsewhere than in a typed array, V8 may make an object of a fraction. */
  readonly #times = Float64Array.of(Number.NEGATIVE_INFINITY, 0);

  /**
   * @param capacity - slots at first
   * @param durations - milliseconds, 254 durations at most; `Infinity` never falls due
   */
  constructor(capacity: number, durations: readonly number[]) {
    this.#durations = Float64Array.from(durations);
    this.#at = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity).fill(STOPPED);
    this.#first = new Int32Array(durations.length).fill(NONE);
    this.#last = new Int32Array(durations.length).fill(NONE);
    this.#earlier = new Int32Array(capacity);
    this.#later = new Int32Array(capacity);
  }

  /** Makes room for more slots, up to `capacity`; what runs goes on. */
  grow(capacity: number): void {
    this.#at = grown(this.#at, capacity);
    this.#kinds = grown(this.#kinds, capacity, STOPPED);
    this.#earlier = grown(this.#earlier, capacity);
    this.#later = grown(this.#later, capacity);
  }

  /**
   * Runs the deadline of a slot from `now` on, anew if it was running.
   *
   * @param kind - index of its duration
   */
  set(slot: number, kind: number, now: number): void {
    this.#advance(now);
    this.clear(slot);
    this.#kinds[slot] = kind;
    this.#at[slot] = this.#times[NOW]! + this.#durations[kind]!;
    const last = this.#last[kind]!;
    this.#earlier[slot] = last;
    this.#later[slot] = NONE;
    if (last === NONE) this.#first[kind] = slot;
    else this.#later[last] = slot;
    this.#last[kind] = slot;
  }

  /** Stops the deadline of a slot, if one runs. */
  clear(slot: number): void {
    const kind = this.#kinds[slot]!;
    if (kind === STOPPED) return;
    const earlier = this.#earlier[slot]!;
    const later = this.#later[slot]!;
    if (earlier === NONE) this.#first[kind] = later;
    else this.#later[earlier] = later;
    if (later === NONE) this.#last[kind] = earlier;
    else this.#earlier[later] = earlier;
    this.#kinds[slot] = STOPPED;
  }

  /** Whether the deadline of a slot runs and is over. */
  isDue(slot: number, now: number): boolean {
    return this.#kinds[slot] !== STOPPED && this.#at[slot]! <= Math.max(now, this.#times[NOW]!);
  }

  /** Time of the next one, in milliseconds; `Infinity` for never. */
  next(): number {
    this.#findNext();
    return this.#times[NEXT]!;
  }

  /**
   * Takes a slot that is due and stops its deadline; -1 when there is none. Those of the first duration
   * come first.
   */
  take(now: number): number {
    this.#advance(now);
    for (let kind = 0; kind < this.#first.length; kind++) {
      const slot = this.#first[kind]!;
      if (slot === NONE || this.#at[slot]! > this.#times[NOW]!) continue;
      this.clear(slot);
      return slot;
    }
    return NONE;
  }

  /** Kept apart from {@link Deadlines.next}, which is then short enough for V8 to inline everywhere. */
  #findNext(): void {
    this.#times[NEXT] = Number.POSITIVE_INFINITY;
    for (let kind = 0; kind < this.#first.length; kind++) {
      const slot = this.#first[kind]!;
      if (slot !== NONE && this.#at[slot]! < this.#times[NEXT]!)
        this.#times[NEXT] = this.#at[slot]!;
    }
  }

  #advance(now: number): void {
    if (now > this.#times[NOW]!) this.#times[NOW] = now;
  }
}

/** An event at a point in time. */
export interface SimulationEvent {
  /** Makes it happen; `now` in milliseconds. */
  happen(now: number): void;
}

const INITIAL_CAPACITY = 1024;

/** Fills free slots, so that the queue keeps no reference to past events. */
const nothing: SimulationEvent = Object.freeze({ happen: () => {} });

/**
 * Events ordered by time, and by arrival among equal times: a binary heap, its keys in typed arrays,
 * so that neither a push nor a pop allocates.
 */
export class EventQueue {
  #times = new Float64Array(INITIAL_CAPACITY);
  #orders = new Float64Array(INITIAL_CAPACITY);
  readonly #events: SimulationEvent[] = [];
  #length = 0;
  #pushed = 0;

  /** Number of waiting events. */
  get length(): number {
    return this.#length;
  }

  /** Time of the next event, in milliseconds; `Infinity` when there is none. */
  get nextTime(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** Adds an event at `time`, in milliseconds. */
  push(time: number, event: SimulationEvent): void {
    if (this.#length === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const order = this.#pushed++;
    let hole = this.#length++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      // The newest of equal times goes behind all others, so their order need not be compared here.
      if (times[parent]! <= time) break;
      times[hole] = times[parent]!;
      orders[hole] = orders[parent]!;
      events[hole] = events[parent]!;
      hole = parent;
    }
    times[hole] = time;
    orders[hole] = order;
    events[hole] = event;
  }

  /** Takes the next event out. Only when {@link EventQueue.length} is not 0. */
  pop(): SimulationEvent {
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const first = events[0]!;
    const last = --this.#length;
    const time = times[last]!;
    const order = orders[last]!;
    const event = events[last]!;
    events[last] = nothing;
    if (last === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last && this.#precedes(right, times[child]!, orders[child]!)) child = right;
      if (!this.#precedes(child, time, order)) break;
      times[hole] = times[child]!;
      orders[hole] = orders[child]!;
      events[hole] = events[child]!;
      hole = child;
    }
    times[hole] = time;
    orders[hole] = order;
    events[hole] = event;
    return first;
  }

  #precedes(index: number, time: number, order: number): boolean {
    const other = this.#times[index]!;
    return other < time || (other === time && this.#orders[index]! < order);
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
    const orders = new Float64Array(times.length);
    orders.set(this.#orders);
    this.#orders = orders;
  }
}

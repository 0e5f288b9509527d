import { EventQueue, type SimulationEvent } from './eventQueue.js';

/** Virtual time: a clock that stands still while events happen and jumps from one to the next. */
export class Scheduler {
  readonly #queue = new EventQueue();
  #now = 0;

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Time of the next event, in milliseconds; `Infinity` for never. */
  get nextTime(): number {
    return this.#queue.nextTime;
  }

  /** Number of events that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Lets an event happen at `time`, in milliseconds; at once, after what waits, if that is past. */
  at(time: number, event: SimulationEvent): void {
    this.#queue.push(Math.max(time, this.#now), event);
  }

  /** Lets the next event happen; only when there is one. */
  step(): void {
    this.#now = this.#queue.nextTime;
    this.#queue.pop().happen(this.#now);
  }

  /** Lets everything happen that is due until `end`, in milliseconds, and stops the clock there. */
  runUntil(end: number): void {
    const queue = this.#queue;
    while (queue.nextTime <= end) this.step();
    if (end > this.#now) this.#now = end;
  }
}

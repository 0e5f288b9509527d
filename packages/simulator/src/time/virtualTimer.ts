import type { World } from '../world/world.js';
import type { SimulationEvent } from './eventQueue.js';

const NEVER = Number.POSITIVE_INFINITY;

/** A timer in virtual time, with the methods of a `Timeout` of Node.js that matter to programs. */
export class VirtualTimer implements SimulationEvent {
  readonly #world: World;
  readonly #delay: number;
  #callback: (() => void) | null;
  #dueAt = NEVER;
  /** Time of the event in the queue, which may be earlier than due; `Infinity` when there is none. */
  #queuedAt = NEVER;
  #isRef = true;

  /** @internal @param delay - milliseconds, 0 or more; less counts as 0 */
  constructor(world: World, callback: () => void, delay: number) {
    this.#world = world;
    this.#callback = callback;
    this.#delay = Math.max(delay || 0, 0);
    this.refresh();
  }

  /** As of a `Timeout`; virtual time goes on whether or not it is set. */
  ref(): this {
    this.#isRef = true;
    return this;
  }

  /** Reverts {@link ref}, without effect on anything else. */
  unref(): this {
    this.#isRef = false;
    return this;
  }

  /** What {@link ref} and {@link unref} have left. */
  hasRef(): boolean {
    return this.#isRef;
  }

  /** Begins anew, with the same delay, also after it is over; but not after {@link close}. */
  refresh(): this {
    if (this.#callback === null) return this;
    this.#dueAt = this.#world.scheduler.now + this.#delay;
    // An earlier event in the queue moves on when its time comes.
    if (this.#queuedAt > this.#dueAt) this.#queue();
    return this;
  }

  /** Cancels it. */
  close(): this {
    this.#callback = null;
    return this;
  }

  /** @internal */
  happen(now: number): void {
    this.#queuedAt = NEVER;
    if (this.#callback === null || this.#dueAt === NEVER) return;
    if (now < this.#dueAt) {
      this.#queue();
      return;
    }
    this.#dueAt = NEVER;
    this.#world.isTouched = true;
    this.#callback();
  }

  #queue(): void {
    this.#queuedAt = this.#dueAt;
    this.#world.scheduler.at(this.#dueAt, this);
  }
}

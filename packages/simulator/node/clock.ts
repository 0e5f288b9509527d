import { AsyncResource } from 'node:async_hooks';
import type { Internet } from '../src/internet/internet.js';
import type { VirtualTimer } from '../src/time/virtualTimer.js';

/** The longest delay that `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 0x7fff_ffff;

/** A delay as `setTimeout` of Node.js takes it: everything else than 1 to 2147483647 counts as 1. */
function delayOf(delay: unknown): number {
  const number = Number(delay);
  return number >= 1 && number <= LONGEST_DELAY ? Math.trunc(number) : 1;
}

/** A timer of a program, in place of a `Timeout`. */
export class ProgramTimer {
  static #last = 0;
  readonly #timer: VirtualTimer;
  readonly #id = ++ProgramTimer.#last;
  readonly #clock: Clock;

  constructor(clock: Clock, callback: () => void, delay: number, repeats: boolean) {
    this.#clock = clock;
    const resource = new AsyncResource('Timeout');
    this.#timer = clock.net.setTimeout(() => {
      if (repeats) this.#timer.refresh();
      else clock.forget(this.#id);
      resource.runInAsyncScope(callback);
    }, delay);
    clock.remember(this.#id, this);
  }

  ref(): this {
    this.#timer.ref();
    return this;
  }

  unref(): this {
    this.#timer.unref();
    return this;
  }

  hasRef(): boolean {
    return this.#timer.hasRef();
  }

  refresh(): this {
    this.#timer.refresh();
    return this;
  }

  close(): this {
    this.#timer.close();
    this.#clock.forget(this.#id);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The clock and the timers of a program in virtual time. */
export class Clock {
  readonly net: Internet;
  readonly #start: number;
  /** For programs that cancel a timer by its number. */
  readonly #timers = new Map<number, ProgramTimer>();

  /** @param start - what `Date.now` says at the beginning of the simulation */
  constructor(net: Internet, start: number) {
    this.net = net;
    this.#start = start;
  }

  /** Milliseconds since the simulation began, as `performance.now`. */
  now(): number {
    return this.net.now;
  }

  /** As `Date.now`. */
  date(): number {
    return this.#start + Math.floor(this.net.now);
  }

  set(callback: unknown, delay: unknown, args: readonly unknown[], repeats: boolean): ProgramTimer {
    if (typeof callback !== 'function') {
      const text = `The "callback" argument must be of type function. Received ${typeof callback}`;
      throw Object.assign(new TypeError(text), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    return new ProgramTimer(this, () => callback(...args), delayOf(delay), repeats);
  }

  /** Cancels a timer of this clock; false when it is none. */
  clear(timer: unknown): boolean {
    const known = timer instanceof ProgramTimer ? timer : this.#timers.get(Number(timer));
    known?.close();
    return known !== undefined;
  }

  remember(id: number, timer: ProgramTimer): void {
    this.#timers.set(id, timer);
  }

  forget(id: number): void {
    this.#timers.delete(id);
  }
}

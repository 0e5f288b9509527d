import * as platform from '../realTimers.js';

/** A timer, as `setTimeout` of Node.js returns it. */
export interface Timer {
  /** Lets it keep the process alive, as at first. */
  ref(): unknown;
  /** Lets the process end though it is set. */
  unref(): unknown;
  /** Begins anew, with the same delay. */
  refresh(): unknown;
}

/** A clock and the timers that go by it. */
export interface Timers {
  /** Milliseconds that never go back, with any origin. */
  now(): number;
  /** Calls a function once after a delay in milliseconds, 0 to 2147483647; never before this returns. */
  setTimeout(callback: () => void, delay: number): Timer;
  /** Cancels a timer, also one that is over. */
  clearTimeout(timer: Timer): void;
}

/** Those of this platform. */
export const realTimers: Timers = {
  now: () => platform.now(),
  setTimeout: (callback, delay) => platform.setTimeout(callback, delay),
  clearTimeout: (timer) => platform.clearTimeout(timer as NodeJS.Timeout),
};

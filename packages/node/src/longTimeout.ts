import { realTimers, type Timer } from './environment/timers.js';

/** The longest delay that `setTimeout` takes, in milliseconds. */
export const LONGEST_DELAY = 0x7fff_ffff;

/** Whether a value is a time to wait at most, as callers without types may give it: a number above 0. */
export function isTimeout(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

/**
 * Calls a function after a time of any length.
 *
 * @param delay - milliseconds; Infinity for never
 * @returns a function that cancels it
 */
export function setLongTimeout(
  callback: () => void,
  delay: number,
  timers = realTimers,
): () => void {
  const end = timers.now() + delay;
  let timer: Timer;
  const wait = (left: number): void => {
    const step = Math.min(left, LONGEST_DELAY);
    const goOn = (): void => wait(Math.max(0, end - timers.now()));
    timer = timers.setTimeout(step === left ? callback : goOn, step);
  };
  wait(delay);
  return () => timers.clearTimeout(timer);
}

import { clearTimeout, now, setTimeout } from './realTimers.js';

/** The longest delay that `setTimeout` takes, in milliseconds. */
export const LONGEST_DELAY = 0x7fff_ffff;

/**
 * Calls a function after a time of any length.
 *
 * @param delay - milliseconds; Infinity for never
 * @returns a function that cancels it
 */
export function setLongTimeout(callback: () => void, delay: number): () => void {
  const end = now() + delay;
  let timer: NodeJS.Timeout | undefined;
  const wait = (left: number): void => {
    const step = Math.min(left, LONGEST_DELAY);
    timer = setTimeout(step === left ? callback : () => wait(end - now()), step);
  };
  wait(delay);
  return () => clearTimeout(timer);
}

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { setLongTimeout } from '../src/longTimeout.js';

vi.mock('../src/realTimers.js', () => import('./support/globalTimers.js'));

const LONGEST = 2 ** 31 - 1;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([1, LONGEST, LONGEST + 1, 2 ** 32, 3 * LONGEST])(
  'a delay of %d ms is over after it, and not before',
  (delay) => {
    const callback = vi.fn();
    setLongTimeout(callback, delay);
    vi.advanceTimersByTime(delay - 1);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('an infinite delay is never over', () => {
  const callback = vi.fn();
  const cancel = setLongTimeout(callback, Number.POSITIVE_INFINITY);
  vi.advanceTimersByTime(10 * LONGEST);
  expect(callback).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test('a delay is cancelled in each of its parts', () => {
  const callback = vi.fn();
  const cancel = setLongTimeout(callback, 3 * LONGEST);
  vi.advanceTimersByTime(LONGEST + 1);
  cancel();
  vi.advanceTimersByTime(9 * LONGEST);
  expect(callback).not.toHaveBeenCalled();
});

test('a timer that comes too late is followed by none of a negative delay', () => {
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  const callback = vi.fn();
  setLongTimeout(callback, LONGEST + 1);
  vi.spyOn(performance, 'now').mockReturnValue(3 * LONGEST);
  vi.advanceTimersByTime(LONGEST);
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
  expect(setTimer.mock.calls.map(([, delay]) => delay)).toEqual([LONGEST, 0]);
  vi.restoreAllMocks();
});

import { describe, expect, test } from 'vitest';
import { RestorationLimits } from '../../../src/drivers/tun/restorationLimits.js';

/** Restores a part as often as it is allowed, at each of these times. */
function restoreAt(limits: RestorationLimits, times: readonly number[], name = 'a'): number[] {
  return times.filter((now) => {
    if (!limits.allows(name, now)) return false;
    limits.restored(name, now);
    return true;
  });
}

const everySecond = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index * 1_000);

describe('RestorationLimits', () => {
  test('allows 10 restorations in a minute, and the 11th begins a dispute', () => {
    const limits = new RestorationLimits();
    restoreAt(limits, everySecond(10));
    expect(limits.isDisputed('a', 9_000)).toBe(false);
    expect(limits.allows('a', 9_000)).toBe(true);
    limits.restored('a', 10_000);
    expect(limits.isDisputed('a', 10_000)).toBe(true);
    expect(limits.allows('a', 19_999)).toBe(false);
    expect(limits.allows('a', 20_000)).toBe(true);
  });

  test('allows any number at a rate of 10 in a minute', () => {
    const limits = new RestorationLimits();
    const times = Array.from({ length: 100 }, (_, index) => index * 6_000);
    expect(restoreAt(limits, times)).toEqual(times);
    expect(limits.isDisputed('a', times.at(-1)!)).toBe(false);
  });

  test('waits longer each time, up to five minutes', () => {
    const limits = new RestorationLimits();
    const restored = restoreAt(limits, everySecond(2_000)).slice(10);
    const pauses = restored.slice(1).map((time, index) => time - restored[index]!);
    expect(pauses).toEqual(
      [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000, 300_000, 300_000].slice(
        0,
        pauses.length,
      ),
    );
    expect(pauses.length).toBeGreaterThan(6);
  });

  test('ends a dispute when the part stayed a minute longer than the pause', () => {
    const limits = new RestorationLimits();
    restoreAt(limits, everySecond(11));
    expect(limits.isDisputed('a', 10_000 + 69_999)).toBe(true);
    expect(limits.isDisputed('a', 10_000 + 70_000)).toBe(false);
    const again = everySecond(10, 200_000);
    expect(restoreAt(limits, again)).toEqual(again);
  });

  test('counts each part by itself, and forgets those that are no more', () => {
    const limits = new RestorationLimits();
    restoreAt(limits, everySecond(11));
    expect(limits.allows('b', 10_000)).toBe(true);
    limits.keep(new Set(['a']));
    expect(limits.allows('a', 10_000)).toBe(false);
    limits.keep(new Set(['b']));
    expect(limits.allows('a', 10_000)).toBe(true);
  });
});

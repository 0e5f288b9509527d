import { describe, expect, test } from 'vitest';
import { Random } from '../../src/index.js';

const draw = (random: Random, count = 1000): number[] =>
  Array.from({ length: count }, () => random.next());

describe('random numbers', () => {
  test('are the same for the same seed, and others for another', () => {
    expect(draw(new Random(7))).toEqual(draw(new Random(7)));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
  });

  test('lie in [0, 1) and spread evenly', () => {
    const numbers = draw(new Random(3), 100_000);
    const buckets = new Array<number>(10).fill(0);
    for (const number of numbers) {
      expect(number >= 0 && number < 1).toBe(true);
      buckets[Math.floor(number * 10)]!++;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('include both ends of a range of integers', () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 200 }, () => random.integer(3, 6)));
    expect(drawn).toEqual(new Set([3, 4, 5, 6]));
  });

  test('of a stream depend on seed and name only', () => {
    const one = new Random(5);
    const other = new Random(5);
    draw(other, 17);
    expect(draw(one.stream('nat'))).toEqual(draw(other.stream('nat')));
    expect(draw(one.stream('nat'))).not.toEqual(draw(one.stream('tan')));
    expect(draw(one.stream('nat'))).not.toEqual(draw(new Random(6).stream('nat')));
  });

  test('are not drawn for a probability of 0 or 1', () => {
    const random = new Random(1);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
    expect(random.next()).toBe(new Random(1).next());
  });
});

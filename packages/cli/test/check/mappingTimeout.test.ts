import { expect, test } from 'vitest';
import { LONGEST_PAUSE, pausesUpTo, SHORTEST_PAUSE } from '../../src/check/mappingTimeout.js';

test.each([
  [SHORTEST_PAUSE, [2]],
  [3, [2, 3]],
  [10, [2, 5, 10]],
  [11, [2, 5, 10, 11]],
  [30, [2, 5, 10, 15, 20, 24, 28, 30]],
])('the last of the pauses up to %i s is that', (longest, pauses) => {
  expect(pausesUpTo(longest)).toEqual(pauses);
});

test('pauses grow, each by less than the one before again', () => {
  const pauses = pausesUpTo(LONGEST_PAUSE);
  for (const [index, pause] of pauses.slice(1).entries()) {
    expect(pause).toBeGreaterThan(pauses[index]!);
    expect(pause).toBeLessThanOrEqual(2.5 * pauses[index]!);
  }
});

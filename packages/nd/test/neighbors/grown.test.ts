import { expect, test } from 'vitest';
import { grown } from '../../src/index.js';

test('a grown column has the same type and contents, and the rest filled', () => {
  const column = Uint16Array.of(1, 2);
  const longer = grown(column, 4, 9);
  expect(longer).toEqual(Uint16Array.of(1, 2, 9, 9));
  expect(grown(column, 3)).toEqual(Uint16Array.of(1, 2, 0));
  longer[0] = 7;
  expect(column[0]).toBe(1);
});

import { describe, expect, test } from 'vitest';
import {
  checkInteger,
  checkPort,
  HIGHEST_NETID,
  HIGHEST_PORT,
  HIGHEST_TTL,
  InvalidArgumentError,
} from '../../src/index.js';

describe('checkInteger', () => {
  test.each([3, 4, 7])('returns %d, which lies in 3..7', (value) => {
    expect(checkInteger('field', value, 3, 7)).toBe(value);
  });

  test.each([2, 8, 3.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'names the field, %d and the range 3..7',
    (value) => {
      expect(() => checkInteger('field', value, 3, 7)).toThrow(
        expect.objectContaining({
          name: 'InvalidArgumentError',
          field: 'field',
          found: String(value),
          expected: 'an integer from 3 to 7',
        }),
      );
    },
  );
});

test('ports, network identifiers and TTLs have 16, 16 and 8 bits', () => {
  expect([HIGHEST_PORT, HIGHEST_NETID, HIGHEST_TTL]).toEqual([65_535, 65_535, 255]);
});

describe('checkPort', () => {
  test('takes 0 unless a certain port is needed', () => {
    expect([checkPort('port', 0), checkPort('port', HIGHEST_PORT)]).toEqual([0, 65_535]);
    expect(checkPort('port', 1, 1)).toBe(1);
    expect(() => checkPort('port', 0, 1)).toThrow(InvalidArgumentError);
    expect(() => checkPort('bind.port', 65_536)).toThrow(
      'bind.port: found 65536, expected an integer from 0 to 65535',
    );
  });
});

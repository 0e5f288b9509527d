import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { bytesText, countText, durationText } from '../../src/output/quantities.js';

describe('quantities as text', () => {
  test.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min 0 s'],
    [3599, '59 min 59 s'],
    [7500, '2 h 5 min'],
    [86_399, '23 h 59 min'],
    [200_000, '2 d 7 h'],
  ])('of %d seconds are %s', (seconds, expected) => {
    expect(durationText(seconds)).toBe(expected);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [1.5e15, '1.50 PB'],
  ])('of %d bytes are %s', (bytes, expected) => {
    expect(bytesText(bytes)).toBe(expected);
  });

  test.prop([fc.nat({ max: Number.MAX_SAFE_INTEGER })])(
    'of bytes are right to within half a percent, in at most four digits',
    (bytes) => {
      const [digits, unit] = bytesText(bytes).split(' ');
      const factor = 1000 ** ['B', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit!);
      expect(Math.abs(Number(digits) * factor - bytes)).toBeLessThanOrEqual(bytes * 0.00501);
      expect(digits!.replace('.', '').length).toBeLessThanOrEqual(4);
    },
  );

  test('of counts have separators between thousands', () => {
    expect(countText(1_234_567)).toBe('1,234,567');
  });
});

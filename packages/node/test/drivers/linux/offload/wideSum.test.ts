import { sumBytes } from '@6bed4/nd';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { wideSum } from '../../../../src/drivers/linux/offload/wideSum.js';
import { slowSum } from '../../../support/segments.js';

describe('the wide sum', () => {
  test.prop([fc.uint8Array({ maxLength: 200 }), fc.nat(40), fc.nat(40)])(
    'is the sum of 16-bit words from any offset to any end',
    (bytes, start, cut) => {
      const from = Math.min(start, bytes.length);
      const length = Math.max(bytes.length - from - cut, 0);
      const sum = wideSum(new DataView(bytes.buffer), from, length);
      expect(sum).toBe(sumBytes(bytes, from, length));
      // Zero has two forms.
      expect(sum % 0xffff).toBe(slowSum(bytes, from, from + length) % 0xffff);
    },
  );

  test('does not overflow with 65536 bytes of the largest value', () => {
    const bytes = new Uint8Array(65_536).fill(0xff);
    expect(wideSum(new DataView(bytes.buffer), 0, bytes.length)).toBe(0xffff);
  });
});

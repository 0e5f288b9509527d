import { setTrafficClass } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { tosOf } from '../../src/packet/outerTos.js';

const tos = (value: number, maySpeakOfPeering: boolean): number => {
  const bytes = new Uint8Array(45).fill(0xff);
  setTrafficClass(bytes, 5, value);
  return tosOf(bytes, 5, maySpeakOfPeering);
};

describe('the outer TOS', () => {
  test('is the DS field without ECN, whatever it is (draft-01 §5.2, §6.3)', () => {
    for (let value = 0; value < 256; value++) expect(tos(value, false)).toBe(value & 0xfc);
  });

  test('never has policies and flags of draft-04, and other DS fields as they are', () => {
    for (let value = 0; value < 256; value++) {
      const isForeign = (value & 0x1c) !== 0;
      expect(tos(value, true)).toBe(isForeign ? value & 0xfc : 0);
    }
  });
});

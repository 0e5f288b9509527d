import { describe, expect, test } from 'vitest';
import { outerTos } from '../../src/packet/outerTos.js';

describe('the outer TOS', () => {
  test('is the DS field without ECN, whatever it is (draft-01 §5.2, §6.3)', () => {
    for (let value = 0; value < 256; value++) expect(outerTos(false)[value]).toBe(value & 0xfc);
  });

  test('never has policies and flags of draft-04, and other DS fields as they are', () => {
    for (let value = 0; value < 256; value++) {
      const isForeign = (value & 0x1c) !== 0;
      expect(outerTos(true)[value]).toBe(isForeign ? value & 0xfc : 0);
    }
  });
});

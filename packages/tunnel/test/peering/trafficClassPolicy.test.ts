import { describe, expect, test } from 'vitest';
import {
  flagOf,
  Policy,
  policyOf,
  speaksOfPeering,
  withFlag,
  withPolicy,
} from '../../src/peering/trafficClassPolicy.js';

const VALUES = Array.from({ length: 256 }, (_, value) => ({
  value,
  bits: value.toString(2).padStart(8, '0'),
}));

const isForeign = (bits: string): boolean => bits.slice(3, 6) !== '000';

describe('each traffic class (draft-04 §6)', () => {
  test('speaks of peering when the three bits before ECN are 0', () => {
    for (const { value, bits } of VALUES) expect(speaksOfPeering(value)).toBe(!isForeign(bits));
  });

  test('has the policy in its first two bits, and is proper where it is not 6bed4’s', () => {
    for (const { value, bits } of VALUES) {
      const expected = isForeign(bits) ? Policy.proper : Number.parseInt(bits.slice(0, 2), 2);
      expect(policyOf(value)).toBe(expected);
    }
  });

  test('has the flag in its third bit, and none where it is not 6bed4’s', () => {
    for (const { value, bits } of VALUES) {
      expect(flagOf(value)).toBe(!isForeign(bits) && bits[2] === '1');
    }
  });

  test('keeps flag and ECN with another policy, and only ECN where it was not 6bed4’s', () => {
    for (const { value, bits } of VALUES) {
      for (const policy of Object.values(Policy)) {
        const kept = isForeign(bits) ? `0000${bits.slice(6)}` : bits.slice(2);
        const expected = (policy << 6) | Number.parseInt(kept, 2);
        expect(withPolicy(value, policy)).toBe(expected);
      }
    }
  });

  test('keeps all else with another flag', () => {
    for (const { value, bits } of VALUES) {
      for (const flag of [true, false]) {
        const expected = `${bits.slice(0, 2)}${flag ? 1 : 0}${bits.slice(3)}`;
        expect(withFlag(value, flag)).toBe(Number.parseInt(expected, 2));
      }
    }
  });
});

test('policies have the numbers of draft-04 §6', () => {
  expect(Policy).toEqual({ proper: 0, prohibited: 1, presumptuous: 2, persistent: 3 });
});

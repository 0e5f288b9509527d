import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { SecretHash } from '../../src/index.js';

describe('SecretHash', () => {
  test('keeps to its buckets and gives one key one bucket', () => {
    for (const bits of [1, 7, 10, 16]) {
      const hash = new SecretHash(bits, new Random(bits).fraction);
      for (let key = -70_000; key < 70_000; key += 977) {
        const bucket = hash.bucketOf(key, ~key);
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(2 ** bits);
        expect(hash.bucketOf(key, ~key)).toBe(bucket);
      }
    }
  });

  test('is the high bits of a sum of products of 16-bit halves and random numbers, and one more', () => {
    const fractions = [0.999_999_999_9, 0.123_456_789, 0.75, 0.333_333_333, 0.987_654_321];
    const numbers = fractions.map((fraction) => BigInt(Math.floor(fraction * 2 ** 32)));
    const keys = [0, 1, -1, 0xffff, 0x1_0000, 0x7fff_ffff, 0xc633_6401 | 0, -0x8000_0000];
    for (const bits of [1, 7, 16]) {
      const drawn = [...fractions];
      const hash = new SecretHash(bits, () => drawn.shift()!);
      for (const left of keys) {
        for (const right of keys) {
          const halves = [left >>> 16, left & 0xffff, right >>> 16, right & 0xffff, 1];
          const sum = halves.reduce((sum, half, index) => sum + BigInt(half) * numbers[index]!, 0n);
          const expected = Number((sum & 0xffff_ffffn) >> BigInt(32 - bits));
          expect(hash.bucketOf(left, right)).toBe(expected);
        }
      }
    }
  });

  test('spreads similar words as chance would, for any seed', () => {
    const bits = 11;
    const words = Array.from({ length: 2 ** bits }, (_, index) => {
      const word = (index & 0xff) << (8 * ((index >> 8) & 3));
      return index < 2 ** (bits - 1) ? [word, 0] : [0, word];
    });
    const distinct = [...new Map(words.map((pair) => [pair.join(), pair])).values()];
    for (let seed = 1; seed <= 8; seed++) {
      const hash = new SecretHash(bits, new Random(seed).fraction);
      const counts = new Float64Array(2 ** bits);
      for (const [left, right] of distinct) counts[hash.bucketOf(left!, right!)]!++;
      // Each is found after those before it in its bucket: less than one wrong one on average.
      const looks = counts.reduce((sum, count) => sum + (count * (count + 1)) / 2, 0);
      expect(looks / distinct.length).toBeLessThan(2);
    }
  });

  /** The keys of a list that share the bucket of a victim most often, over many seeds. */
  function worstShare(bits: number, victim: number, keys: readonly number[]): number {
    const SEEDS = 4_000;
    const shared = new Float64Array(keys.length);
    for (let seed = 1; seed <= SEEDS; seed++) {
      const hash = new SecretHash(bits, new Random(seed).fraction);
      const bucket = hash.bucketOf(victim, 0);
      for (const [index, key] of keys.entries()) {
        if (hash.bucketOf(key, 0) === bucket) shared[index]!++;
      }
    }
    return Math.max(...shared) / SEEDS;
  }

  test('no chosen key shares the bucket of a victim more often than any other does', () => {
    const victim = 0xc633_6401 | 0;
    const single = Array.from({ length: 32 }, (_, bit) => victim ^ (1 << bit));
    const near = Array.from({ length: 16 }, (_, index) => victim + index + 1);
    const multiples = Array.from({ length: 16 }, (_, index) => victim + ((index + 1) << 16));
    // One in 128, and what chance adds to the worst of 64 in 4000 seeds.
    expect(worstShare(7, victim, [...single, ...near, ...multiples])).toBeLessThan(2.2 / 128);
  });
});

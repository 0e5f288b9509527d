import { describe, expect, test } from 'vitest';
import { hashBytes } from '../../src/index.js';

describe('hashBytes', () => {
  test('hashes a range of bytes, and nothing around it', () => {
    const one = hashBytes(Uint8Array.of(9, 1, 2, 3, 9), 1, 4);
    expect(one).toBe((1 * 31 + 2) * 31 + 3);
    expect(hashBytes(Uint8Array.of(1, 2, 3), 0, 3)).toBe(one);
    expect(hashBytes(Uint8Array.of(1, 2, 4), 0, 3)).not.toBe(one);
  });

  test('begins with the seed, and is an int32', () => {
    expect(hashBytes(new Uint8Array(0), 0, 0, 0xffff_ffff)).toBe(-1);
    const bytes = new Uint8Array(40).fill(0xff);
    const hash = hashBytes(bytes, 0, 40, 5);
    expect(hash).toBe(hash | 0);
    expect(hash).not.toBe(hashBytes(bytes, 0, 40, 6));
  });
});

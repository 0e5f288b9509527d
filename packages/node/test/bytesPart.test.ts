import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { BytesPart } from '../src/bytesPart.js';

describe('BytesPart', () => {
  const buffers = [1, 2].map((seed) => Uint8Array.from({ length: 8 }, (_, index) => seed * index));

  test.prop([
    fc.array(
      fc
        .tuple(fc.constantFrom(...buffers), fc.nat(4), fc.nat(4))
        .map(([bytes, offset, length]) => ({
          bytes,
          offset,
          length,
        })),
    ),
  ])('is the part that is asked for, whatever came before', (wanted) => {
    const part = new BytesPart();
    for (const { bytes, offset, length } of wanted) {
      const expected = bytes.subarray(offset, offset + length);
      expect(part.of(bytes, offset, length)).toEqual(expected);
      expect(part.of(bytes, offset, length).buffer).toBe(bytes.buffer);
    }
  });

  test('makes no other view of the part that it has', () => {
    const part = new BytesPart();
    const first = part.of(buffers[0]!, 2, 3);
    expect(part.of(buffers[0]!, 2, 3)).toBe(first);
  });
});

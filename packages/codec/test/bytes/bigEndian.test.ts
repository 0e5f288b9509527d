import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readInt32,
  readUint16,
  readUint32,
  sameBytes,
  writeUint16,
  writeUint32,
} from '../../src/index.js';

const buffer = fc.uint8Array({ minLength: 8, maxLength: 8 });
const offset = fc.nat(4);

describe('big-endian access', () => {
  test('reads what a DataView reads', () => {
    fc.assert(
      fc.property(buffer, offset, (bytes, at) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        expect(readUint16(bytes, at)).toBe(view.getUint16(at));
        expect(readInt32(bytes, at)).toBe(view.getInt32(at));
        expect(readUint32(bytes, at)).toBe(view.getUint32(at));
      }),
    );
  });

  test('writes what a DataView writes, and nothing beside it', () => {
    fc.assert(
      fc.property(buffer, offset, fc.integer(), (bytes, at, value) => {
        const expected = bytes.slice();
        const view = new DataView(expected.buffer);
        const written = bytes.slice();
        view.setUint16(at, value);
        writeUint16(written, at, value);
        expect(written).toEqual(expected);
        view.setUint32(at, value);
        writeUint32(written, at, value);
        expect(written).toEqual(expected);
        writeUint32(written, at, value >>> 0);
        expect(written).toEqual(expected);
      }),
    );
  });
});

describe('sameBytes', () => {
  test('compares the two ranges and nothing beside them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20, size: 'max' }),
        fc.nat(4),
        fc.nat(4),
        (range, left, right) => {
          const ours = Uint8Array.of(...new Uint8Array(left).fill(1), ...range, 1);
          const theirs = Uint8Array.of(...new Uint8Array(right).fill(2), ...range, 2);
          expect(sameBytes(ours, left, theirs, right, range.length)).toBe(true);
          for (let index = 0; index < range.length; index++) {
            theirs[right + index]! ^= 0x10;
            expect(sameBytes(ours, left, theirs, right, range.length)).toBe(false);
            theirs[right + index]! ^= 0x10;
          }
        },
      ),
    );
  });
});

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError, normalizeFingerprint } from '../../src/index.js';
import { formatFingerprint, parseFingerprint } from '../../src/tcp/fingerprint.js';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz234567';

describe('a fingerprint', () => {
  test('is 14 groups of four characters', () => {
    const text = formatFingerprint(randomBytes(32));
    expect(text).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){13}$/);
  });

  test('is read as the key that it was written for', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        expect(parseFingerprint(formatFingerprint(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('is read in capitals, with other separators and with digits that look like its letters', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        const text = formatFingerprint(bytes);
        const loose = ` ${text.replaceAll('-', ' ').toUpperCase()}\n`;
        const seen = text.replaceAll('o', '0').replaceAll('l', '1').replaceAll('b', '8');
        expect(normalizeFingerprint(loose)).toBe(text);
        expect(parseFingerprint(seen)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('with one wrong character is refused', () => {
    const text = formatFingerprint(Buffer.alloc(32, 7)).replaceAll('-', '');
    for (let index = 0; index < text.length; index++) {
      for (const other of CHARACTERS) {
        if (other === text[index]) continue;
        const wrong = text.slice(0, index) + other + text.slice(index + 1);
        expect(() => parseFingerprint(wrong)).toThrow('without a typing error');
      }
    }
  });

  test('with two neighbors exchanged is refused', () => {
    const text = formatFingerprint(randomBytes(32)).replaceAll('-', '');
    for (let index = 1; index < text.length; index++) {
      if (text[index] === text[index - 1]) continue;
      const swapped = text[index]! + text[index - 1]!;
      const wrong = text.slice(0, index - 1) + swapped + text.slice(index + 1);
      expect(() => parseFingerprint(wrong)).toThrow(InvalidArgumentError);
    }
  });

  test.each([
    '',
    'abcd',
    formatFingerprint(Buffer.alloc(32)).slice(0, -1),
    `${formatFingerprint(Buffer.alloc(32))}a`,
    '9'.repeat(56),
    'é'.repeat(56),
    'a'.repeat(100_000),
  ])('is not %.20s…', (text) => {
    expect(() => parseFingerprint(text)).toThrow(InvalidArgumentError);
  });

  test.each([undefined, null, 7, {}])('is not %s', (value) => {
    expect(() => parseFingerprint(value as never)).toThrow(InvalidArgumentError);
  });
});

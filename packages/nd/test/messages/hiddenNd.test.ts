import { hex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findUpperLayer, hidesNd, isNd } from '../../src/index.js';

const OPTIONS = '0000010400000000';
const WHOLE = '0000000000000001';
const FIRST = '0000000100000001';
const SECOND = '0000000900000001';

/** A packet of headers, each with the number of its kind; the last is the message. */
function packet(...headers: readonly (readonly [kind: number, text: string])[]): Uint8Array {
  const body = headers.map(([, text], index) => {
    const bytes = hex(text);
    const next = headers[index + 1];
    if (next !== undefined) bytes[0] = next[0];
    return bytes;
  });
  const length = body.reduce((sum, bytes) => sum + bytes.length, 0);
  const bytes = new Uint8Array(40 + length);
  bytes.set([0x60, 0, 0, 0, length >>> 8, length, headers[0]![0], 255]);
  let at = 40;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const hides = (bytes: Uint8Array): boolean => hidesNd(bytes, 0, bytes.length);
const icmp = (type: number): readonly [number, string] => [
  58,
  `${type.toString(16)}00000000000000`,
];

describe('Neighbor Discovery is found', () => {
  test.each([
    ['hop-by-hop options', 0, OPTIONS],
    ['a routing header', 43, '0000000000000000'],
    ['destination options', 60, OPTIONS],
    ['an authentication header', 51, '0001000000000000 00000000'],
    ['the header of an atomic fragment', 44, WHOLE],
    ['the header of a first fragment', 44, FIRST],
  ])('behind %s', (_name, kind, text) => {
    for (const type of [133, 134, 135, 136, 137]) {
      expect(hides(packet([kind, text], icmp(type)))).toBe(true);
    }
    for (const type of [128, 132, 138]) {
      expect(hides(packet([kind, text], icmp(type)))).toBe(false);
    }
  });

  test('behind any number of headers', () => {
    const many = Array.from({ length: 100 }, () => [60, OPTIONS] as const);
    expect(hides(packet(...many, icmp(135)))).toBe(true);
    expect(hides(packet(...many, [17, '1122334455667788']))).toBe(false);
  });

  test('behind options of more than 8 bytes, and not in them', () => {
    const long = `0001010c${'87'.repeat(12)}`;
    expect(hides(packet([60, long], icmp(135)))).toBe(true);
    expect(hides(packet([60, long], icmp(128)))).toBe(false);
  });

  test('in a first fragment that has nothing but the type of the message', () => {
    expect(hides(packet([44, FIRST], [58, '87']))).toBe(true);
    expect(hides(packet([44, FIRST], [58, '80']))).toBe(false);
  });
});

describe('a first fragment counts as Neighbor Discovery', () => {
  test('when it ends before the type of its ICMPv6 message, unless it is the whole', () => {
    expect(hides(packet([44, FIRST], [60, OPTIONS], [58, '']))).toBe(true);
    expect(hides(packet([44, WHOLE], [60, OPTIONS], [58, '']))).toBe(false);
  });

  test('when it ends within its headers, unless it is the whole', () => {
    for (const cut of ['3a', '3a01000000000000', '']) {
      expect(hides(packet([44, FIRST], [60, cut]))).toBe(true);
      expect(hides(packet([44, WHOLE], [60, cut]))).toBe(false);
    }
  });

  test('also when a header for the whole comes after the one that says so', () => {
    expect(hides(packet([44, FIRST], [44, WHOLE], [60, '3a']))).toBe(true);
  });

  test('but not when it has another message', () => {
    expect(hides(packet([44, FIRST], [17, '']))).toBe(false);
    expect(hides(packet([44, FIRST], [6, '87']))).toBe(false);
  });
});

describe('Neighbor Discovery is not found', () => {
  test('in a later fragment, which may be of anything', () => {
    expect(hides(packet([44, SECOND], icmp(135)))).toBe(false);
    expect(hides(packet([44, SECOND], [60, '3a']))).toBe(false);
  });

  test('where it is not hidden', () => {
    expect(hides(packet(icmp(135)))).toBe(false);
    expect(isNd(packet(icmp(135)), 0, 48)).toBe(true);
  });

  test('behind what nobody can look through', () => {
    for (const kind of [6, 17, 41, 50, 59, 132]) {
      expect(hides(packet([kind, '3a00000000000000'], icmp(135)))).toBe(false);
    }
  });

  test('beyond the end of the packet or of the buffer', () => {
    const bytes = packet([60, OPTIONS], icmp(135));
    expect(hidesNd(bytes, 0, 49)).toBe(true);
    for (const length of [48, 47, 41, 40, 39, 0]) expect(hidesNd(bytes, 0, length)).toBe(false);
    expect(hidesNd(bytes, 0, bytes.length + 1)).toBe(false);
    expect(hidesNd(bytes, 1, bytes.length)).toBe(false);
  });

  test('elsewhere than where the packet starts', () => {
    const bytes = packet([60, OPTIONS], icmp(135));
    const buffer = new Uint8Array(120).fill(58);
    buffer.set(bytes, 30);
    expect(hidesNd(buffer, 30, bytes.length)).toBe(true);
    buffer[30 + 48] = 128;
    expect(hidesNd(buffer, 30, bytes.length)).toBe(false);
  });
});

test('whether Neighbor Discovery is hidden agrees with where the upper layer is', () => {
  const header = fc.constantFrom(
    [0, OPTIONS] as const,
    [43, '0001000000000000 0000000000000000'] as const,
    [44, WHOLE] as const,
    [51, '0002000000000000 0000000000000000'] as const,
    [60, OPTIONS] as const,
  );
  const type = fc.integer({ min: 128, max: 140 });
  fc.assert(
    fc.property(fc.array(header, { minLength: 1, maxLength: 8 }), type, (headers, value) => {
      const bytes = packet(...headers, icmp(value));
      const upper = findUpperLayer(bytes, 0, bytes.length)!;
      expect(upper.nextHeader).toBe(58);
      expect(hides(bytes)).toBe(bytes[upper.offset]! >= 133 && bytes[upper.offset]! <= 137);
    }),
  );
});

import { parseIPv6 } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { InitialNumbers } from '../../src/stack/initialSequence.js';
import { SipHash } from '../../src/stack/sipHash.js';

/** A stand-in for chance that gives these 32-bit words. */
function words(...values: number[]): () => number {
  let at = 0;
  return () => values[at++]! / 0x1_0000_0000;
}

describe('SipHash', () => {
  // Of the vectors of the reference, those of whole words: key 00 01 … 0f, input 00 01 …
  test.each([
    [0, 0x310e0edd],
    [4, 0xb7877127],
    [8, 0x6224939a],
  ])('of %i bytes is that of the reference', (length, firstBytes) => {
    const key = words(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
    const input = new Uint8Array(length).map((_, index) => index);
    const view = new DataView(input.buffer);
    const asWords = Int32Array.from({ length: length / 4 }, (_, at) => view.getInt32(4 * at, true));
    const low = new DataView(new ArrayBuffer(4));
    low.setInt32(0, new SipHash(key).hash(asWords), true);
    expect(low.getUint32(0).toString(16)).toBe((firstBytes >>> 0).toString(16));
  });
});

describe('initial sequence numbers (RFC 6528 §3)', () => {
  const numbers = new InitialNumbers(new SipHash(seededRandom(1)));
  const local = { address: parseIPv6('fc64::1'), port: 80 };
  const remote = { address: parseIPv6('fc64::2'), port: 500 };

  test('follow a clock of 4 microseconds for one pair of endpoints', () => {
    const first = numbers.sequence(local, remote, 1_000);
    expect((numbers.sequence(local, remote, 1_001) - first) | 0).toBe(250);
    expect((numbers.sequence(local, remote, 1_000 + 2 ** 32 / 250) - first) | 0).toBe(0);
  });

  test('have nothing to do with each other for other endpoints, or another key', () => {
    const other = new InitialNumbers(new SipHash(seededRandom(2)));
    const all = [
      numbers.sequence(local, remote, 0),
      numbers.sequence(local, { ...remote, port: 501 }, 0),
      numbers.sequence({ ...local, port: 81 }, remote, 0),
      numbers.sequence(local, { ...remote, address: parseIPv6('fc64::3') }, 0),
      numbers.sequence({ ...local, address: parseIPv6('fc64::3') }, remote, 0),
      numbers.timestampOffset(local, remote),
      other.sequence(local, remote, 0),
    ].map((number) => number >>> 16);
    expect(new Set(all).size).toBe(all.length);
  });

  test('of ports begin elsewhere for each remote, and go on from there (RFC 6056 §3.3.4)', () => {
    const range = { lowest: 50_000, count: 1_000 };
    const port = (text: string): number =>
      numbers.port(local.address, { address: parseIPv6(text), port: 80 }, range, () => true);
    const first = port('fc64::10');
    expect((port('fc64::10') - first + 1_000) % 1_000).toBe(1);
    expect(new Set([port('fc64::11'), port('fc64::12'), port('fc64::13')]).size).toBe(3);
    const none = numbers.port(local.address, remote, range, () => false);
    expect(none).toBe(0);
    const only = numbers.port(local.address, remote, range, (one) => one === 50_777);
    expect(only).toBe(50_777);
  });
});

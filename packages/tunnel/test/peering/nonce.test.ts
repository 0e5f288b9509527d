import { parseIPv6 } from '@6bed4/codec';
import { buildNd, parseNd } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { freshNonce, Nonces, nonceOf, sameNonce } from '../../src/peering/nonce.js';

/** Numbers that give the bytes 1, 2, 3, … */
function counting(): () => number {
  let byte = 0;
  return () => ++byte / 256;
}

describe('the nonces of remotes', () => {
  test('have 40 random bits, all of which an answer must repeat, and the number of the solicitation', () => {
    const nonces = new Nonces(counting());
    nonces.grow(2);
    nonces.renew(0);
    nonces.renew(1);
    nonces.setAttempt(1, 3);
    expect([...nonces.get(1)]).toEqual([6, 7, 8, 9, 10, 3]);
    expect(nonces.match(1, nonces.get(1))).toBe(3);
    expect(nonces.match(0, nonces.get(1))).toBe(-1);
    for (let at = 0; at < 5; at++) {
      const other = nonces.get(1);
      other[at]! ^= 1;
      expect(nonces.match(1, other), `byte ${at}`).toBe(-1);
    }
  });

  test('match earlier solicitations of the round, and none that was not sent yet', () => {
    const nonces = new Nonces(counting());
    nonces.grow(1);
    nonces.renew(0);
    nonces.setAttempt(0, 2);
    const answer = (attempt: number): number =>
      nonces.match(0, Uint8Array.of(1, 2, 3, 4, 5, attempt));
    expect([0, 1, 2, 3, 255].map(answer)).toEqual([0, 1, 2, -1, -1]);
  });

  test.each([0, 5, 7, 14])('match no answer of %i bytes', (length) => {
    const nonces = new Nonces(() => 0);
    nonces.grow(1);
    nonces.renew(0);
    expect(nonces.match(0, new Uint8Array(length))).toBe(-1);
    expect(nonces.match(0, new Uint8Array(6))).toBe(0);
  });

  test('are forgotten when they are renewed', () => {
    const nonces = new Nonces(counting());
    nonces.grow(1);
    nonces.renew(0);
    const old = nonces.get(0);
    nonces.setAttempt(0, 1);
    nonces.renew(0);
    expect(nonces.match(0, old)).toBe(-1);
    expect(nonces.attempt(0)).toBe(0);
  });
});

describe('a nonce of one solicitation', () => {
  test('has 48 random bits, all of which count', () => {
    const nonce = freshNonce(counting());
    expect([...nonce]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sameNonce(nonce, nonce.slice())).toBe(true);
    for (let at = 0; at < 6; at++) {
      const other = nonce.slice();
      other[at]! ^= 1;
      expect(sameNonce(nonce, other), `byte ${at}`).toBe(false);
    }
    expect(sameNonce(nonce, nonce.slice(0, 5))).toBe(false);
    expect(sameNonce(nonce, Uint8Array.of(...nonce, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(false);
    expect(sameNonce(null, nonce)).toBe(false);
    expect(sameNonce(null, new Uint8Array(0))).toBe(false);
  });

  test('is read from a message that has one', () => {
    const message = (nonce: Uint8Array | null) => {
      const address = parseIPv6('2001:db8::1');
      const bytes = buildNd({
        type: 'neighbor-solicitation',
        source: address,
        destination: address,
        target: address,
        options: nonce === null ? [] : [{ type: 'nonce', nonce }],
      });
      const parsed = parseNd(bytes, 0, bytes.length);
      if (!parsed.ok) throw new Error('not valid');
      return nonceOf(parsed.value);
    };
    expect(message(null)).toBeNull();
    expect(message(Uint8Array.of(1, 2, 3, 4, 5, 6))).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });
});

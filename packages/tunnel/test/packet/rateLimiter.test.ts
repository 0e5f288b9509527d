import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { flowKey, RateLimiter } from '../../src/packet/rateLimiter.js';

describe('RateLimiter', () => {
  const rate = { perSecond: 2, burst: 3 };

  test('lets a quiet sender burst, then holds it to its rate', () => {
    const limiter = new RateLimiter(rate, seededRandom(1));
    const allowed = (now: number): boolean => limiter.allows(0xc000_0201, now);
    expect([allowed(0), allowed(0), allowed(0), allowed(0)]).toEqual([true, true, true, false]);
    expect([allowed(499), allowed(500), allowed(500)]).toEqual([false, true, false]);
    expect([allowed(99_999), allowed(99_999), allowed(99_999), allowed(99_999)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('one sender running dry leaves nearly all others alone', () => {
    const limiter = new RateLimiter(rate, seededRandom(2));
    for (let index = 0; index < 10; index++) limiter.allows(0xc000_0201, 0);
    let refused = 0;
    for (let address = 0; address < 1_000; address++) {
      if (!limiter.allows(0x0a00_0000 + address * 65_537, 0)) refused++;
    }
    expect(refused).toBeLessThan(50);
  });

  test('each port has a rate of its own, and none is port 0', () => {
    const limiter = new RateLimiter(rate, seededRandom(4));
    for (let index = 0; index < 3; index++) expect(limiter.allows(1, 0)).toBe(true);
    expect(limiter.allows(1, 0, 0)).toBe(false);
    expect(limiter.allows(1, 0, 1)).toBe(true);
  });

  test('a clock that stands still or jumps back gives nothing away', () => {
    const limiter = new RateLimiter(rate, seededRandom(3));
    for (let index = 0; index < 3; index++) limiter.allows(1, 1_000);
    expect(limiter.allows(1, 1_000)).toBe(false);
    expect(limiter.allows(1, 0)).toBe(false);
  });
});

describe('the key of a conversation', () => {
  const packet = Uint8Array.from({ length: 48 }, (_, index) => index);
  /** The key of a packet with one bit changed, in the middle of a buffer. */
  const keyWith = (at: number): number => {
    const buffer = new Uint8Array(100).fill(0xaa);
    buffer.set(packet, 20);
    buffer[20 + at]! ^= 1;
    return flowKey(buffer, 20);
  };

  test('is one of both addresses, each byte of them', () => {
    const keys = new Set([flowKey(packet, 0)]);
    for (let at = 8; at < 40; at++) keys.add(keyWith(at));
    expect(keys.size).toBe(33);
  });

  test('is of nothing else, wherever the packet is', () => {
    for (const at of [-1, 0, 4, 7, 40, 47]) expect(keyWith(at)).toBe(flowKey(packet, 0));
  });
});

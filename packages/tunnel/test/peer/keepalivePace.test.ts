import { UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { KEEPALIVE_STEPS } from '../../src/defaults.js';
import { KeepalivePace } from '../../src/peer/keepalivePace.js';

const HOUR = 3_600_000;
const at = (port: number, address = 1) => new UdpEndpoint(address, port);

/** A pace that saw so many losses at once. */
function after(losses: number): KeepalivePace {
  const pace = new KeepalivePace(KEEPALIVE_STEPS);
  for (let port = 0; port < losses; port++) pace.seenAt(at(port + 2), at(port + 1), 0);
  return pace;
}

/** Which of the next keepalives are checks, each of which shows that the mapping was kept. */
function checks(pace: KeepalivePace, count: number, now = 0): number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter(() => {
    const isCheck = pace.takesCheck();
    if (isCheck) pace.seenAt(at(1), at(1), now);
    return isCheck;
  });
}

describe('the pace of keepalives', () => {
  test('is one step faster for each mapping that was lost, down to 9 s and up to the whole way', () => {
    expect([0, 1, 2, 3, 4, 9].map((losses) => after(losses).step)).toEqual(
      [0, 1, 2, 3, 3, 3].map((step) => KEEPALIVE_STEPS[step]),
    );
  });

  test('stays below the 30 s and the 10 s after which NATs forget', () => {
    expect(after(0).interval).toBeLessThanOrEqual(25_000);
    expect(after(2).interval).toBeLessThan(10_000);
  });

  test('takes another IPv4 address for another network, not for a loss', () => {
    const pace = after(0);
    pace.seenAt(at(2, 9), at(1), 0);
    expect(pace.step).toBe(KEEPALIVE_STEPS[0]);
  });

  test('counts no loss when our side moved, and begins anew', () => {
    const pace = after(2);
    pace.restart();
    pace.seenAt(at(9), at(1), 0);
    expect(pace.step).toBe(KEEPALIVE_STEPS[0]);
    pace.seenAt(at(8), at(9), 0);
    expect(pace.step).toBe(KEEPALIVE_STEPS[1]);
  });

  test('checks at the first keepalive, then less and less often', () => {
    expect(checks(after(0), 20)).toEqual([1, 3, 7, 11, 15, 19]);
    expect(checks(after(2), 40)).toEqual([1, 3, 7, 15, 28]);
  });

  test('checks at once after a loss', () => {
    const pace = after(0);
    checks(pace, 10);
    pace.seenAt(at(2), at(1), 0);
    expect(pace.takesCheck()).toBe(true);
  });

  test('goes back a step after an hour, then after two where that was in vain, and a day at most', () => {
    const pace = after(1);
    checks(pace, 100, HOUR - 1);
    expect(pace.step).toBe(KEEPALIVE_STEPS[1]);
    checks(pace, 8, HOUR);
    expect(pace.step).toBe(KEEPALIVE_STEPS[0]);
    pace.seenAt(at(3), at(2), HOUR);
    checks(pace, 100, 3 * HOUR - 1);
    expect(pace.step).toBe(KEEPALIVE_STEPS[1]);
    checks(pace, 8, 3 * HOUR);
    expect(pace.step).toBe(KEEPALIVE_STEPS[0]);
    for (let port = 3; port < 30; port++) pace.seenAt(at(port + 1), at(port), 0);
    checks(pace, 100, 24 * HOUR - 1);
    expect(pace.step).toBe(KEEPALIVE_STEPS[3]);
    checks(pace, 16, 24 * HOUR);
    expect(pace.step).toBe(KEEPALIVE_STEPS[2]);
  });

  test('is never eased by answers to other solicitations, or by more of them', () => {
    const pace = after(1);
    for (let answer = 0; answer < 100; answer++) pace.seenAt(at(1), at(1), 10 * HOUR);
    expect(pace.step).toBe(KEEPALIVE_STEPS[1]);
  });

  test('is what options say, whatever happens', () => {
    const pace = new KeepalivePace([{ interval: 40, ttl: 5 }]);
    for (let port = 1; port < 9; port++) pace.seenAt(at(port + 1), at(port), 0);
    expect(pace.step).toEqual({ interval: 40, ttl: 5 });
    expect(checks(pace, 9)).toEqual([]);
    expect(new KeepalivePace([{ interval: 0, ttl: 3 }]).interval).toBe(Number.POSITIVE_INFINITY);
  });
});

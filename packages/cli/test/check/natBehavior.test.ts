import { describe, expect, test } from 'vitest';
import { possibleFilters, possibleMappings } from '../../src/check/natBehavior.js';

const FIRST = { address: '192.0.2.1', port: 25790 };
const OTHER_PORT = { address: '192.0.2.1', port: 25791 };
const OTHER_ADDRESS = { address: '192.0.2.2', port: 25790 };
const SEEN = { address: '203.0.113.5', port: 40_000 };
const ELSEWHERE = { address: '203.0.113.5', port: 40_001 };

describe('a mapping seen by two routers', () => {
  test.each([
    [OTHER_ADDRESS, SEEN, ['endpoint-independent']],
    [OTHER_ADDRESS, ELSEWHERE, ['address-dependent', 'address-and-port-dependent']],
    [OTHER_PORT, SEEN, ['endpoint-independent', 'address-dependent']],
    [OTHER_PORT, ELSEWHERE, ['address-and-port-dependent']],
    [FIRST, SEEN, ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']],
  ])('at %j, the second time at %j, is %j', (router, seenAt, expected) => {
    const first = { router: FIRST, seenAt: SEEN };
    expect(possibleMappings(first, { router, seenAt })).toEqual(expected);
  });

  test('is another one as well where only the public address differs', () => {
    const first = { router: FIRST, seenAt: SEEN };
    const seenAt = { ...SEEN, address: '203.0.113.6' };
    expect(possibleMappings(first, { router: OTHER_PORT, seenAt })).toEqual([
      'address-and-port-dependent',
    ]);
  });
});

describe('a filter that nobody asked', () => {
  test.each([
    [OTHER_ADDRESS, true, ['endpoint-independent']],
    [OTHER_ADDRESS, false, ['address-dependent', 'address-and-port-dependent']],
    [OTHER_PORT, true, ['endpoint-independent', 'address-dependent']],
    [OTHER_PORT, false, ['address-and-port-dependent']],
  ])('a datagram from %j (arrived: %j) is %j', (from, arrived, expected) => {
    expect(possibleFilters({ asked: FIRST, from, arrived })).toEqual(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clearBeyondPrefix,
  isIPv4Mapped,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Loopback,
  isIPv6Multicast,
  isIPv6Routable,
  isIPv6Unspecified,
  parseIPv6,
  sameIPv6Address,
  sameSubnetPrefix,
} from '../../src/index.js';
import { toBigInt, toBytes } from '../support/oracle.js';

const predicates = {
  isIPv6Unspecified,
  isIPv6Loopback,
  isIPv6Multicast,
  isIPv6LinkLocalMulticast,
  isIPv6LinkLocal,
  isIPv4Mapped,
  isIPv6Routable,
};

/** Each address with the predicates that hold for it. */
const cases: readonly [address: string, ...holding: (keyof typeof predicates)[]][] = [
  ['::', 'isIPv6Unspecified'],
  ['::1', 'isIPv6Loopback'],
  ['::2'],
  ['::101'],
  ['::192.0.2.1'],
  ['::ffff:192.0.2.1', 'isIPv4Mapped'],
  ['::fffe:192.0.2.1'],
  ['::1:0:0:0', 'isIPv6Routable'],
  ['::1:ffff:192.0.2.1', 'isIPv6Routable'],
  ['::1:0:ffff:192.0.2.1', 'isIPv6Routable'],
  ['1::', 'isIPv6Routable'],
  ['2::1', 'isIPv6Routable'],
  ['100::1', 'isIPv6Routable'],
  ['2080::1', 'isIPv6Routable'],
  ['fe7f::', 'isIPv6Routable'],
  ['fe80::', 'isIPv6LinkLocal'],
  ['febf:ffff::1', 'isIPv6LinkLocal'],
  ['fec0::', 'isIPv6Routable'],
  ['2001:db8::1', 'isIPv6Routable'],
  ['fc64::1', 'isIPv6Routable'],
  ['ff02::1', 'isIPv6Multicast', 'isIPv6LinkLocalMulticast'],
  ['ff12::1', 'isIPv6Multicast', 'isIPv6LinkLocalMulticast'],
  ['ff03::1', 'isIPv6Multicast'],
  ['ff05::1', 'isIPv6Multicast'],
  ['ff00::', 'isIPv6Multicast'],
];

describe('IPv6 address predicates', () => {
  test.each(cases)('%s: %s %s', (address, ...holding) => {
    for (const [name, predicate] of Object.entries(predicates)) {
      expect(predicate(parseIPv6(address)), name).toBe(holding.some((other) => other === name));
    }
  });

  test('look at 16 bytes from the offset on and no others', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.nat(255), ([address], around) => {
        const bytes = new Uint8Array(20).fill(around);
        bytes.set(parseIPv6(address), 2);
        for (const predicate of Object.values(predicates)) {
          expect(predicate(bytes, 2)).toBe(predicate(parseIPv6(address)));
        }
      }),
    );
  });
});

describe('equality of IPv6 addresses', () => {
  const address = parseIPv6('2001:db8:1:2:3:4:5:6');

  test.each(Array.from({ length: 16 }, (_, index) => index))('byte %d counts', (index) => {
    const other = Uint8Array.of(0xff, ...address);
    expect(sameIPv6Address(address, 0, other, 1)).toBe(true);
    other[1 + index]! ^= 1;
    expect(sameIPv6Address(address, 0, other, 1)).toBe(false);
    expect(sameSubnetPrefix(address, 0, other, 1)).toBe(index >= 8);
  });
});

describe('clearBeyondPrefix', () => {
  test('clears the bits of one address behind its first ones', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
        fc.integer({ min: 0, max: 128 }),
        (address, length) => {
          const bytes = Uint8Array.of(0xff, ...toBytes(address), 0xff);
          const behind = BigInt(128 - length);
          expect(clearBeyondPrefix(bytes, 1, length)).toBe(bytes);
          expect(toBigInt(bytes, 1)).toBe((address >> behind) << behind);
          expect([bytes[0], bytes[17]]).toEqual([0xff, 0xff]);
        },
      ),
    );
  });
});

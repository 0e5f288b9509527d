import { fc, test } from '@fast-check/vitest';
import ipaddr from 'ipaddr.js';
import { describe, expect } from 'vitest';
import { formatIPv6, InvalidArgumentError, parseIPv6 } from '../../src/index.js';

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('reading an IPv6 address (RFC 4291 §2.2)', () => {
  test.each([
    ['ABCD:EF01:2345:6789:abcd:ef01:2345:6789', 'abcdef0123456789abcdef0123456789'],
    ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['ff01::101', 'ff010000000000000000000000000101'],
    ['::1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['0:0:0:0:0:0:13.1.68.3', '0000000000000000000000000d014403'],
    ['::FFFF:129.144.52.38', '00000000000000000000ffff81903426'],
    ['1::2:192.0.2.1', '000100000000000000000002c0000201'],
  ])('%s', (text, hex) => {
    expect(hexOf(parseIPv6(text))).toBe(hex);
  });

  test.each([
    ...['', ':', ':::', '1', '1:2', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '1:::2'],
    ...[':1', '1:', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '::1:', ':1::'],
    ...['1:2:3:4:5:6:7::8', '::1:2:3:4:5:6:7:8', '12345::', 'g::', '::-1', ':: 1', '::1 ', '::%1'],
    ...['192.0.2.1', '::192.0.2', '::192.0.2.256', '::192.0.2.01', '1.2.3.4::', '1:2.3.4.5:6::'],
    ...[
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '1:2:3:4:5:1.2.3.4',
      'fe80::1%eth0',
      '[::1]',
      '::/0',
    ],
  ])('refuses %j', (text) => {
    expect(() => parseIPv6(text, 'thing')).toThrow(InvalidArgumentError);
    expect(() => parseIPv6(text, 'thing')).toThrow(
      expect.objectContaining({ field: 'thing', found: JSON.stringify(text) }),
    );
  });

  // ipaddr.js takes ::192.0.2.1 for ::ffff:192.0.2.1.
  test.prop([fc.ipV6()], { numRuns: 1_000 })('as the host of a URL', (text) => {
    expect(`[${formatIPv6(parseIPv6(text))}]`).toBe(new URL(`http://[${text}]/`).hostname);
  });

  test.prop([fc.string({ unit: fc.constantFrom(...':::.0123af'), maxLength: 24, size: 'max' })], {
    numRuns: 2_000,
  })('refuses nothing that another library reads, but for lenient forms of IPv4', (text) => {
    let found: number[] | null = null;
    try {
      found = [...parseIPv6(text)];
    } catch {
      // Refused.
    }
    if (text.includes('.')) return;
    expect(found).toEqual(ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text).toByteArray() : null);
  });
});

describe('writing an IPv6 address (RFC 5952)', () => {
  test.each([
    ['2001:db8::1', '§4.1: no leading zeros', '2001:0db8:0:0:0:0:0:0001'],
    ['2001:db8:0:1:1:1:1:1', '§4.2.2: one zero group stays', '2001:db8::1:1:1:1:1'],
    ['2001:0:0:1::1', '§4.2.3: the longest row', '2001:0:0:1:0:0:0:1'],
    ['2001:db8::1:0:0:1', '§4.2.3: the first of equal rows', '2001:db8:0:0:1:0:0:1'],
    ['2001:db8::abcd', '§4.3: lower case', '2001:DB8::ABCD'],
    ['::', 'nothing but zeros', '0:0:0:0:0:0:0:0'],
    ['1::', 'zeros at the end', '1:0:0:0:0:0:0:0'],
    ['::1', 'zeros at the beginning', '0:0:0:0:0:0:0:1'],
  ])('%s: %s', (text, _, other) => {
    expect(formatIPv6(parseIPv6(other))).toBe(text);
  });

  const addresses = fc
    .array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff])));

  test.prop([fc.oneof(addresses, fc.uint8Array({ minLength: 16, maxLength: 16 }))])(
    'is what another library writes, and reads back',
    (bytes) => {
      const text = formatIPv6(bytes);
      expect(text).toBe(new ipaddr.IPv6([...bytes]).toRFC5952String());
      expect(parseIPv6(text)).toEqual(bytes);
    },
  );

  test('refuses what is no address', () => {
    expect(() => formatIPv6(new Uint8Array(15))).toThrow(/^address: found 15 bytes/);
    expect(() => formatIPv6(new Uint8Array(20), 5)).toThrow(InvalidArgumentError);
    expect(formatIPv6(new Uint8Array(20), 4)).toBe('::');
  });
});

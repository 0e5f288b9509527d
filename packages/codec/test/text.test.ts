import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatEndpoint,
  formatIPv4,
  formatIPv6,
  formatPrefix,
  InvalidArgumentError,
  isIPv4Loopback,
  isIPv4Multicast,
  isIPv4Private,
  isIPv4Reserved,
  isIPv4ThisNetwork,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  parsePrefix,
  prefixContains,
} from '../src/index.js';
import { toBigInt, toBytes } from './support/oracle.js';

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

describe('IPv4 text', () => {
  test('reads and writes every address', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const text = parts.join('.');
        const number = parseIPv4(text);
        expect(number).toBe(parts.reduce((sum, part) => sum * 256 + part, 0));
        expect(formatIPv4(number)).toBe(text);
      }),
    );
  });

  test.each([
    ...['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.1000', '01.2.3.4', '1.2.3.00', '1.2.3.'],
    ...[
      '.1.2.3',
      '1..2.3',
      ' 1.2.3.4',
      '1.2.3.4 ',
      '1.2.3.+4',
      '1.2.3.-4',
      '0x1.2.3.4',
      '1.2.3.4e0',
    ],
    ...['::1', '1,2,3,4', '１.2.3.4'],
  ])('refuses %j', (text) => {
    expect(() => parseIPv4(text, 'here')).toThrow(InvalidArgumentError);
    expect(() => parseIPv4(text, 'here')).toThrow(/^here: found /);
  });

  test.each([
    ['0.255.255.255', isIPv4ThisNetwork, '1.0.0.0'],
    ['127.255.255.255', isIPv4Loopback, '128.0.0.0'],
    ['10.255.255.255', isIPv4Private, '11.0.0.0'],
    ['100.64.0.0', isIPv4Private, '100.63.255.255'],
    ['100.127.255.255', isIPv4Private, '100.128.0.0'],
    ['169.254.0.0', isIPv4Private, '169.253.255.255'],
    ['172.16.0.0', isIPv4Private, '172.15.255.255'],
    ['172.31.255.255', isIPv4Private, '172.32.0.0'],
    ['192.168.255.255', isIPv4Private, '192.169.0.0'],
    ['224.0.0.0', isIPv4Multicast, '223.255.255.255'],
    ['239.255.255.255', isIPv4Multicast, '240.0.0.0'],
    ['240.0.0.0', isIPv4Reserved, '239.255.255.255'],
    ['255.255.255.255', isIPv4Reserved, '0.0.0.0'],
  ])('%s is in its range and %s is not', (inside, range, outside) => {
    expect([range(parseIPv4(inside)), range(parseIPv4(outside))]).toEqual([true, false]);
  });
});

describe('endpoint text', () => {
  test('reads and writes every endpoint', () => {
    fc.assert(
      fc.property(octets, fc.nat(65535), (parts, port) => {
        const text = `${parts.join('.')}:${port}`;
        expect(parseEndpoint(text)).toEqual({ address: parts.join('.'), port });
        expect(formatEndpoint(parseEndpoint(text))).toBe(text);
      }),
      {
        examples: [
          [[0, 0, 0, 0], 0],
          [[255, 255, 255, 255], 65535],
        ],
      },
    );
  });

  test('takes the default port where there is none', () => {
    expect(parseEndpoint('192.0.2.1', 25790)).toEqual({ address: '192.0.2.1', port: 25790 });
    expect(parseEndpoint('192.0.2.1:1', 25790).port).toBe(1);
    expect(() => parseEndpoint('192.0.2.1')).toThrow(/^endpoint: /);
  });

  test.each(['65536', '-1', '080', '', ' 80', '80 ', '8e1', '80:80'])('refuses port %j', (port) => {
    expect(() => parseEndpoint(`192.0.2.1:${port}`)).toThrow(/^port: /);
  });

  test('names the address when that is wrong', () => {
    expect(() => parseEndpoint('192.0.2.300:80')).toThrow(/^endpoint: /);
  });
});

describe('IPv6 text', () => {
  test('reads back every address that it writes', () => {
    fc.assert(
      fc.property(ipv6, (address) => {
        const bytes = toBytes(address);
        expect(toBigInt(parseIPv6(formatIPv6(bytes)))).toBe(address);
      }),
    );
  });

  test.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('writes %s as RFC 5952 wants it', (text, canonical) => {
    expect(formatIPv6(parseIPv6(text))).toBe(canonical);
  });

  test('writes the address at an offset, and refuses too few bytes', () => {
    const bytes = new Uint8Array(20).fill(1);
    expect(formatIPv6(bytes, 4)).toBe('101:101:101:101:101:101:101:101');
    expect(() => formatIPv6(bytes, 5)).toThrow(/16 bytes/);
  });

  test.each([
    ...['', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', 'g::', '12345::'],
    ...[
      'fe80::1%eth0',
      '[::1]',
      '::1/64',
      ' ::1',
      '::1 ',
      '192.0.2.1',
      '::192.0.2',
      '::192.0.2.01',
    ],
    ...['::192.0.2.256', '::1.2.3.4:5', '::0x1.2.3.4', '1:2:3:4:5:6:7:1.2.3.4'],
  ])('refuses %j', (text) => {
    expect(() => parseIPv6(text, 'there')).toThrow(/^there: found /);
  });
});

describe('prefixes', () => {
  const prefix = fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([address, length]) => {
    const shift = BigInt(128 - length);
    return { address: (address >> shift) << shift, length };
  });

  test('are read and written at every length', () => {
    fc.assert(
      fc.property(prefix, ({ address, length }) => {
        const text = `${formatIPv6(toBytes(address))}/${length}`;
        const parsed = parsePrefix(text);
        expect([toBigInt(parsed.bytes), parsed.length]).toEqual([address, length]);
        expect(formatPrefix(parsed)).toBe(text);
      }),
    );
  });

  test('contain what has the same first bits, and nothing else', () => {
    fc.assert(
      fc.property(prefix, ipv6, fc.boolean(), ({ address, length }, other, near) => {
        const candidate = near && length > 0 ? address ^ (1n << BigInt(128 - length)) : other;
        const bytes = new Uint8Array(20);
        bytes.set(toBytes(candidate), 4);
        const shift = BigInt(128 - length);
        const expected = candidate >> shift === address >> shift;
        expect(prefixContains({ bytes: toBytes(address), length }, bytes, 4)).toBe(expected);
        const within = address | (other & ((1n << shift) - 1n));
        expect(prefixContains({ bytes: toBytes(address), length }, toBytes(within), 0)).toBe(true);
      }),
    );
  });

  test.each([
    ...['2001:db8::', '2001:db8::/', '2001:db8::/129', '2001:db8::/-1', '2001:db8::/032', '/64'],
    ...['2001:db8::/3 2', '2001:db8::1/64', '2001:db8::/28', 'x/64', '2001:db8::/64/64'],
  ])('%j is refused', (text) => {
    expect(() => parsePrefix(text, 'route')).toThrow(/^route: found /);
  });
});

test('errors name what was to be read, unless the caller has a name for it', () => {
  expect(() => parseIPv4('x')).toThrow(/^address: found "x"/);
  expect(() => parseIPv6('x')).toThrow(/^address: found "x"/);
  expect(() => parsePrefix('x')).toThrow(/^prefix: found "x"/);
  expect(() => parsePrefix('x/64')).toThrow(/^prefix: found "x"/);
  expect(() => parseEndpoint('x', 1)).toThrow(/^endpoint: found "x"/);
  expect(() => parseEndpoint(':80')).toThrow(/^endpoint: found ""/);
  expect(() => parseEndpoint('x', 1, 'router')).toThrow(/^router: found "x"/);
  expect(() => parseEndpoint('192.0.2.1', undefined, 'router')).toThrow(/^router: found/);
  expect(() => parseEndpoint('192.0.2.1:x', 1, 'router')).toThrow(/^router: found "x"/);
});

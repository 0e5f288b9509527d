import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DestinationError,
  faultOf,
  isAllowedIPv4,
  isAllowedIPv6,
  readHost,
} from '../../src/proxy/destination.js';

describe('the host of a request', () => {
  test.each([
    ['2001:DB8::0:1', { kind: 'ipv6', address: '2001:db8::1' }],
    ['[2001:db8::1]', { kind: 'ipv6', address: '2001:db8::1' }],
    ['192.0.2.1', { kind: 'ipv4', address: '192.0.2.1' }],
    ['::ffff:192.0.2.1', { kind: 'ipv4', address: '192.0.2.1' }],
    ['[::ffff:c000:201]', { kind: 'ipv4', address: '192.0.2.1' }],
    ['example.net', { kind: 'name', name: 'example.net' }],
    ['example.net.', { kind: 'name', name: 'example.net.' }],
    ['_x.1a', { kind: 'name', name: '_x.1a' }],
    ['xn--bcher-kva.example', { kind: 'name', name: 'xn--bcher-kva.example' }],
  ])('%s is read', (text, expected) => {
    expect(readHost(text)).toEqual(expected);
  });

  test.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a b',
    'a\0b',
    'a/b',
    'a\r\nb',
    'user@host',
    'bücher.example',
    '[example.net]',
    'fe80::1%eth0',
    // Resolvers read these as IPv4 addresses.
    '127.1',
    '2130706433',
    '0x7f000001',
    'a.0x1',
    '1.2.3.4.',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}aa`,
  ])('%j is none', (text) => {
    expect(() => readHost(text)).toThrow(DestinationError);
  });

  test('is never something between', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(['ipv4', 'ipv6', 'name']).toContain(readHost(text).kind);
        } catch (error) {
          expect(faultOf(error)).toBe('not-found');
        }
      }),
    );
  });
});

const OWN = ['fc64:bed:c633:6401:c433:6402:e49e:8000/114'];

describe('the tunnel', () => {
  test.each([
    '2001:db8::1',
    'fc64:bed:c633:6401:c433:6403:e49e:8001',
    // The router, whose lower half is its own.
    'fc64:bed:c633:6401:c433:6401:64be:8000',
    '64:ff9b::192.0.2.1',
    'fd00::1',
  ])('is the way to %s', (address) => {
    expect(isAllowedIPv6(address, OWN)).toBe(true);
  });

  test.each([
    '::',
    '::1',
    '::192.0.2.1',
    'ff02::1',
    'ff0e::1',
    'fe80::1',
    'fc64:bed:c633:6401:c433:6402:e49e:8001',
    'fc64:bed:c633:6401:c433:6402:e49e:8002',
  ])('is none to %s', (address) => {
    expect(isAllowedIPv6(address, OWN)).toBe(false);
  });
});

describe('this computer', () => {
  test('connects to public and private IPv4 addresses', () => {
    for (const address of ['192.0.2.1', '10.0.0.1', '192.168.1.1', '8.8.8.8']) {
      expect(isAllowedIPv4(address, ['192.168.1.2'])).toBe(true);
    }
  });

  test.each([
    '0.0.0.0',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '192.168.1.2',
  ])('does not to %s', (address) => {
    expect(isAllowedIPv4(address, ['192.168.1.2'])).toBe(false);
  });
});

test('errors of connections become faults', () => {
  const fault = (code: string) => faultOf(Object.assign(new Error('test'), { code }));
  expect(fault('ECONNREFUSED')).toBe('refused');
  expect(fault('EHOSTUNREACH')).toBe('host-unreachable');
  expect(fault('ENETUNREACH')).toBe('network-unreachable');
  expect(fault('ETIMEDOUT')).toBe('timed-out');
  expect(fault('EACCES')).toBe('prohibited');
  expect(faultOf(new Error('test'))).toBe('failed');
});

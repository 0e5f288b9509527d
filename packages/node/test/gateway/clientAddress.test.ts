import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { clientAddress, sourceOf } from '../../src/gateway/clientAddress.js';

const trusted = new BlockList();
trusted.addAddress('127.0.0.1');
trusted.addSubnet('10.0.0.0', 8);
trusted.addAddress('2001:db8::1', 'ipv6');

function addressOf(remoteAddress: string, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return clientAddress(
    { socket: { remoteAddress }, headers } as unknown as IncomingMessage,
    trusted,
  );
}

describe('the address of a client', () => {
  test.each([
    ['192.0.2.9', undefined, '192.0.2.9'],
    ['192.0.2.9', '203.0.113.1', '192.0.2.9'],
    ['127.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['::ffff:127.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['127.0.0.1', '198.51.100.1, 203.0.113.1', '203.0.113.1'],
    ['127.0.0.1', '203.0.113.1, 10.1.2.3', '203.0.113.1'],
    ['127.0.0.1', '2001:db8:5::5, 2001:db8::1', '2001:db8:5::5'],
    ['127.0.0.1', 'unknown', '127.0.0.1'],
    ['127.0.0.1', '203.0.113.1, unknown', '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
  ])('at %s, forwarded for %s, is %s', (remote, forwarded, expected) => {
    expect(addressOf(remote, forwarded)).toBe(expected);
  });

  test.each([
    ['192.0.2.9', '192.0.2.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, expected) => {
    expect(sourceOf(address)).toBe(expected);
  });
});

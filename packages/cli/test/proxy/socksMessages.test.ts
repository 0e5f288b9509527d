import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datagramBytes, readDatagram, replyBytes } from '../../src/proxy/socksMessages.js';

describe('a reply', () => {
  test('has the address and port of the server (RFC 1928 §6)', () => {
    expect([...replyBytes(0, '192.0.2.1', 0x1234)]).toEqual([
      ...[5, 0, 0, 1],
      ...[192, 0, 2, 1],
      ...[0x12, 0x34],
    ]);
    const ipv6 = replyBytes(0, '2001:db8::1', 80);
    expect(ipv6.toString('hex')).toBe('0500000420010db80000000000000000000000010050');
  });

  test('has an IPv4 address as such, though a socket for both families maps it', () => {
    expect(replyBytes(0, '::ffff:192.0.2.1', 1)).toEqual(replyBytes(0, '192.0.2.1', 1));
    expect(replyBytes(0, '::ffff:0:1', 1)[3]).toBe(4);
  });
});

describe('the header of a datagram', () => {
  test('is read (RFC 1928 §7)', () => {
    const bytes = Buffer.concat([Buffer.of(0, 0, 0, 1, 192, 0, 2, 1, 0, 53), Buffer.from('data')]);
    expect(readDatagram(bytes)).toEqual({ host: '192.0.2.1', port: 53, data: Buffer.from('data') });
  });

  test.each([
    ['a fragment', [0, 0, 1, 1, 192, 0, 2, 1, 0, 53], 'fragment'],
    ['the last fragment', [0, 0, 0x81, 1, 192, 0, 2, 1, 0, 53], 'fragment'],
    ['reserved bits', [0, 1, 0, 1, 192, 0, 2, 1, 0, 53], 'malformed'],
    ['another type of address', [0, 0, 0, 2, 192, 0, 2, 1, 0, 53], 'malformed'],
    ['half a port', [0, 0, 0, 1, 192, 0, 2, 1, 0], 'malformed'],
    ['nothing', [], 'malformed'],
  ])('of %s is refused', (_, bytes, expected) => {
    expect(readDatagram(Buffer.from(bytes))).toBe(expected);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '::', 'fe80::1')),
        fc.nat(0xffff),
        fc.uint8Array(),
        (host, port, data) => {
          const read = readDatagram(datagramBytes(host, port, Buffer.from(data)));
          expect(read).toEqual({ host, port, data: Buffer.from(data) });
        },
      ),
    );
  });

  test('of anything throws nothing', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readDatagram(Buffer.from(bytes))));
  });
});

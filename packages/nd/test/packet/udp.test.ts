import { address, hex, toHex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildUdp,
  InvalidArgumentError,
  parseUdp,
  type UdpDatagram,
  udpView,
  upperLayerChecksum,
} from '../../src/index.js';
import { writeUdp } from '../../src/packet/udp.js';
import { udpDatagram } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';

const golden = hex(`
  60000000 000d 11 40
  20010db8000000000000000000000001
  20010db8000000000000000000000002
  14e9 0035 000d 4b6f
  68656c6c6f
`);

const datagram: UdpDatagram = {
  source: address('2001:db8::1'),
  destination: address('2001:db8::2'),
  sourcePort: 5353,
  destinationPort: 53,
  payload: hex('68656c6c6f'),
};

describeMessage('a UDP datagram', {
  golden,
  message: datagram,
  parse: parseUdp,
  build: buildUdp,
  write: writeUdp,
  arbitrary: udpDatagram,
});

describe('a UDP datagram', () => {
  test('is read in place', () => {
    expect(udpView.sourcePort(golden, 0)).toBe(5353);
    expect(udpView.destinationPort(golden, 0)).toBe(53);
    expect(toHex(golden.subarray(udpView.payloadOffset(0)))).toBe('68656c6c6f');
  });

  test('is sent with the hop limit that is given, or 64', () => {
    expect(buildUdp(datagram)[7]).toBe(64);
    expect(buildUdp({ ...datagram, hopLimit: 3 })[7]).toBe(3);
  });

  test('RFC 8200 §8.1: never has a checksum of zero', () => {
    // The last two bytes make everything else sum up to all ones.
    const payload = new Uint8Array(2);
    const packet = buildUdp({ ...datagram, payload });
    const rest = upperLayerChecksum(packet, 0, packet.length, 17, 6);
    payload[0] = rest >> 8;
    payload[1] = rest & 0xff;
    const zero = buildUdp({ ...datagram, payload });
    expect(toHex(zero.subarray(46, 48))).toBe('ffff');
    expect(parseUdp(zero, 0, zero.length).ok).toBe(true);
    zero.fill(0, 46, 48);
    expect(parseUdp(zero, 0, zero.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 46, section: 'RFC 8200 §8.1' },
    });
  });

  test.each([
    ['no IPv6', 0, 0x50, { code: 'bad-ipv6-header', offset: 0, section: 'RFC 8200 §3' }],
    ['another protocol', 6, 6, { code: 'other-message', offset: 6, section: 'RFC 768' }],
    ['another length', 45, 12, { code: 'bad-length', offset: 44, section: 'RFC 768' }],
    ['a wrong checksum', 50, 0, { code: 'bad-checksum', offset: 46, section: 'RFC 8200 §8.1' }],
  ])('is not what has %s', (_, at, value, error) => {
    const packet = golden.slice();
    packet[at] = value;
    expect(parseUdp(packet, 0, packet.length)).toEqual({ ok: false, error });
  });

  test('is not what is shorter than 8 bytes', () => {
    const packet = golden.slice(0, 47);
    packet[5] = 7;
    expect(parseUdp(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 47, section: 'RFC 768' },
    });
  });

  test.each([
    ['sourcePort', { sourcePort: 65_536 }],
    ['destinationPort', { destinationPort: -1 }],
    ['hopLimit', { hopLimit: 256 }],
    ['payloadLength', { payload: new Uint8Array(65_528) }],
    ['source', { source: new Uint8Array(4) }],
  ])('is not built with a bad %s', (field, change) => {
    const build = (): Uint8Array => buildUdp({ ...datagram, ...change });
    expect(build).toThrow(InvalidArgumentError);
    expect(build).toThrow(expect.objectContaining({ field }));
  });
});

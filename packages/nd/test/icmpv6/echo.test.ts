import { address, hex, toHex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import { writeEcho } from '../../src/icmpv6/echo.js';
import {
  buildEcho,
  type Echo,
  echoReplyTo,
  echoView,
  InvalidArgumentError,
  parseEcho,
} from '../../src/index.js';
import { echo } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { fixChecksum } from '../support/oracle.js';

const golden = hex(`
  60000000 000d 3a 3f
  fc640bedc6336401c4336402d25a8001
  fc640bedc6336401c4336403d66a8001
  80 00 d352 0a4d 0002
  68656c6c6f
`);

const message: Echo = {
  type: 'echo-request',
  source: address('fc64:bed:c633:6401:c433:6402:d25a:8001'),
  destination: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  hopLimit: 63,
  identifier: 0x0a4d,
  sequence: 2,
  data: hex('68656c6c6f'),
};

describeMessage('an echo', {
  golden,
  message,
  parse: parseEcho,
  build: buildEcho,
  write: writeEcho,
  arbitrary: echo,
});

describe('an echo', () => {
  test('is read in place', () => {
    expect(echoView.identifier(golden, 0)).toBe(0x0a4d);
    expect(echoView.sequence(golden, 0)).toBe(2);
    expect(toHex(golden.subarray(echoView.dataOffset(0)))).toBe('68656c6c6f');
  });

  test('is a reply by its type', () => {
    const reply = buildEcho({ ...message, type: 'echo-reply' });
    expect(reply[40]).toBe(129);
    expect(parseEcho(reply, 0, reply.length)).toEqual({
      ok: true,
      value: { ...message, type: 'echo-reply' },
    });
  });

  test('is answered with the same data in the other direction, and hop limit 64', () => {
    expect(echoReplyTo(message)).toEqual({
      ...message,
      type: 'echo-reply',
      source: message.destination,
      destination: message.source,
      hopLimit: 64,
    });
  });

  test.each([
    ['no IPv6', 0, 0x50, { code: 'bad-ipv6-header', offset: 0, section: 'RFC 8200 §3' }],
    ['another protocol', 6, 17, { code: 'other-message', offset: 6, section: 'RFC 4443 §4' }],
    ['another type', 40, 130, { code: 'other-message', offset: 6, section: 'RFC 4443 §4' }],
    ['a code', 41, 1, { code: 'bad-code', offset: 41, section: 'RFC 4443 §4' }],
  ])('is not what has %s', (_, at, value, error) => {
    const packet = golden.slice();
    packet[at] = value;
    expect(parseEcho(fixChecksum(packet), 0, packet.length)).toEqual({ ok: false, error });
  });

  test('is not an IPv6 header with nothing behind it', () => {
    const header = golden.slice(0, 40).fill(0, 4, 6);
    expect(parseEcho(header, 0, 40)).toEqual({
      ok: false,
      error: { code: 'other-message', offset: 6, section: 'RFC 4443 §4' },
    });
  });

  test('is not what has a wrong checksum', () => {
    const packet = golden.slice();
    packet[52]! ^= 1;
    expect(parseEcho(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 42, section: 'RFC 4443 §4' },
    });
  });

  test('is not what is shorter than 8 bytes', () => {
    const packet = golden.slice(0, 47);
    packet[5] = 7;
    expect(parseEcho(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 47, section: 'RFC 4443 §4' },
    });
  });

  test.each([
    ['identifier', { identifier: 65_536 }],
    ['sequence', { sequence: -1 }],
    ['hopLimit', { hopLimit: 256 }],
    ['payloadLength', { data: new Uint8Array(65_528) }],
  ])('is not built with a bad %s', (field, change) => {
    const build = (): Uint8Array => buildEcho({ ...message, ...change });
    expect(build).toThrow(InvalidArgumentError);
    expect(build).toThrow(expect.objectContaining({ field }));
  });
});

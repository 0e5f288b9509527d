import { address } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildEcho, buildNd, isNd, type NdMessage, parseNd } from '../../src/index.js';
import { ndMessage } from '../support/arbitraries.js';
import { frame } from '../support/frames.js';
import { fixChecksum, fixLength } from '../support/oracle.js';

const solicitation = frame('router2020/rs-no-option, request');
const echo = buildEcho({
  type: 'echo-request',
  source: address('fe80::1'),
  destination: address('fe80::2'),
  hopLimit: 255,
  identifier: 1,
  sequence: 1,
  data: new Uint8Array(8),
});

describe('whether a packet is Neighbor Discovery', () => {
  test('depends on its next header and its ICMPv6 type only', () => {
    for (let type = 0; type <= 255; type++) {
      const packet = new Uint8Array(41);
      packet[6] = 58;
      packet[40] = type;
      expect(isNd(packet, 0, 41)).toBe(type >= 133 && type <= 137);
      packet[6] = 17;
      expect(isNd(packet, 0, 41)).toBe(false);
    }
  });

  test('is determined at any offset', () => {
    const buffer = new Uint8Array(solicitation.length + 7);
    buffer.set(solicitation, 7);
    expect(isNd(buffer, 7, solicitation.length)).toBe(true);
    expect(isNd(buffer, 0, solicitation.length)).toBe(false);
  });

  test('is false for a packet without an ICMPv6 type, or an incomplete one', () => {
    expect(isNd(solicitation, 0, 40)).toBe(false);
    expect(isNd(solicitation, 0, 0)).toBe(false);
    expect(isNd(solicitation, 0, solicitation.length + 1)).toBe(false);
    expect(isNd(new Uint8Array(0), 0, 41)).toBe(false);
  });

  test('is true for every message that can be built', () => {
    fc.assert(
      fc.property(ndMessage, (message) => {
        const packet = buildNd(message);
        expect(isNd(packet, 0, packet.length)).toBe(true);
      }),
    );
  });
});

describe('a packet is not parsed as Neighbor Discovery', () => {
  const header = { code: 'bad-ipv6-header', offset: 0, section: 'RFC 8200 §3' };

  test('if it is no IPv6', () => {
    const packet = solicitation.slice();
    packet[0] = 0x45;
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: false, error: header });
  });

  test('if its payload length is not that of the bytes', () => {
    for (const change of [-1, 1, 256 - 8]) {
      const packet = solicitation.slice();
      packet[5]! += change;
      expect(parseNd(packet, 0, packet.length)).toEqual({ ok: false, error: header });
    }
  });

  test('if it is another message', () => {
    expect(parseNd(echo, 0, echo.length)).toEqual({
      ok: false,
      error: { code: 'other-message', offset: 6, section: 'RFC 4861 §4' },
    });
  });

  test('if it stands behind extension headers, which no valid message does here', () => {
    const packet = new Uint8Array(solicitation.length + 8);
    packet.set(solicitation.subarray(0, 40));
    packet[6] = 0;
    packet[40] = 58;
    packet.set(solicitation.subarray(40), 48);
    expect(parseNd(fixLength(packet), 0, packet.length)).toMatchObject({
      ok: false,
      error: { code: 'other-message' },
    });
  });

  test('at an offset that is not in the buffer', () => {
    for (const offset of [-1, -40, -1000, 1, 1000]) {
      expect(parseNd(solicitation, offset, solicitation.length).ok).toBe(false);
    }
  });
});

describe('a Neighbor Discovery packet', () => {
  test('with one bit changed is refused, unless the bit is in the traffic class or the flow label', () => {
    fc.assert(
      fc.property(ndMessage, fc.nat(), (message, place) => {
        const packet = buildNd(message);
        const bit = place % (packet.length * 8);
        packet[bit >> 3]! ^= 0x80 >> (bit & 7);
        // Traffic class and flow label.
        const unchecked = bit >= 4 && bit < 32;
        expect(parseNd(packet, 0, packet.length).ok).toBe(unchecked);
      }),
      { numRuns: 1000 },
    );
  });

  test('with one byte changed and the right checksum is accepted, or refused by a section of an RFC', () => {
    fc.assert(
      fc.property(ndMessage, fc.nat(), fc.nat(0xff), (message, place, value) => {
        const packet = buildNd(message);
        packet[place % packet.length] = value;
        const parsed = parseNd(fixChecksum(packet), 0, packet.length);
        if (parsed.ok) return;
        expect(parsed.error.offset).toBeLessThanOrEqual(packet.length);
        expect(parsed.error.section).toMatch(/^RFC \d+ §[\d.]+$/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a Neighbor Discovery message is not built', () => {
  const base = { source: address('fe80::1'), destination: address('fe80::2'), options: [] };
  const target = address('fe80::3');
  const messages: Readonly<Record<string, NdMessage>> = {
    solicitation: { type: 'neighbor-solicitation', ...base, target },
    advertisement: {
      type: 'neighbor-advertisement',
      ...base,
      router: false,
      solicited: true,
      override: false,
      target,
    },
    redirect: { type: 'redirect', ...base, target, redirectDestination: target },
  };

  test.each([
    ['solicitation', 'target'],
    ['advertisement', 'target'],
    ['redirect', 'target'],
    ['redirect', 'redirectDestination'],
  ])('for a %s whose %s has other than 16 bytes', (name, field) => {
    for (const length of [15, 17]) {
      const build = () =>
        buildNd({ ...messages[name]!, [field]: new Uint8Array(length) } as NdMessage);
      expect(build).toThrow(`${field}: found ${length} bytes, expected 16 bytes`);
    }
  });
});

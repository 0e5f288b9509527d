import { address, hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  icmpv6View,
  type ParseResult,
  parseNd,
  type RouterSolicitation,
  routerSolicitationView,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { routerSolicitation } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { fixChecksum } from '../support/oracle.js';

const golden = hex(`
  60000000 0010 3a ff
  fe800000000000000000000000000001
  ff020000000000000000000000000002
  85 00 7c2c 00000000
  01 01 000000000001
`);

const message: RouterSolicitation = {
  type: 'router-solicitation',
  source: address('fe80::1'),
  destination: address('ff02::2'),
  options: [{ type: 'source-link-layer', address: hex('000000000001') }],
};

describeMessage('a Router Solicitation', {
  golden,
  message,
  parse: (bytes, offset, length) =>
    parseNd(bytes, offset, length) as ParseResult<RouterSolicitation>,
  build: buildNd,
  write: writeNd,
  arbitrary: routerSolicitation,
});

describe('the view of a Router Solicitation', () => {
  test('finds its fields', () => {
    expect(icmpv6View.type(golden, 0)).toBe(133);
    expect(icmpv6View.code(golden, 0)).toBe(0);
    expect(icmpv6View.checksum(golden, 0)).toBe(0x7c2c);
    expect(golden.subarray(routerSolicitationView.optionsOffset(0))).toEqual(
      hex('0101000000000001'),
    );
  });
});

describe('RFC 4861 §6.1.1: a Router Solicitation is refused', () => {
  const changed = (change: (packet: Uint8Array) => void): Uint8Array => {
    const packet = golden.slice();
    change(packet);
    return fixChecksum(packet);
  };
  const fromNobody = changed((packet) => packet.fill(0, 8, 24));

  test.each([
    [
      'whose hop limit is not 255',
      changed((packet) => packet.fill(254, 7, 8)),
      { code: 'bad-hop-limit', offset: 7, section: 'RFC 4861 §6.1.1' },
    ],
    [
      'whose code is not 0',
      changed((packet) => packet.fill(1, 41, 42)),
      { code: 'bad-code', offset: 41, section: 'RFC 4861 §6.1.1' },
    ],
    [
      'with an option of length zero',
      changed((packet) => packet.fill(0, 49, 50)),
      { code: 'bad-option-length', offset: 48, section: 'RFC 4861 §4.6' },
    ],
    [
      'with an option that reaches beyond its end',
      changed((packet) => packet.fill(2, 49, 50)),
      { code: 'bad-option-length', offset: 48, section: 'RFC 4861 §4.6' },
    ],
    [
      'from :: with a source link-layer option',
      fromNobody,
      { code: 'forbidden-option', offset: 48, section: 'RFC 4861 §6.1.1' },
    ],
  ])('%s', (_, packet, error) => {
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: false, error });
  });

  test('whose checksum is wrong', () => {
    const packet = golden.slice();
    packet[43]! ^= 1;
    expect(parseNd(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 42, section: 'RFC 4861 §6.1.1' },
    });
  });

  test('shorter than 8 bytes', () => {
    const packet = fixChecksum(golden.slice(0, 47));
    packet[5] = 7;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 47, section: 'RFC 4861 §6.1.1' },
    });
  });

  test('from :: with that option, unless the caller forgives it, as deployed peers need', () => {
    const parsed = parseNd(fromNobody, 0, fromNobody.length, { lenientSolicitation: true });
    expect(parsed).toEqual({ ok: true, value: { ...message, source: address('::') } });
  });

  test('never for its reserved field', () => {
    const packet = changed((packet) => packet.fill(0xff, 44, 48));
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: true, value: message });
  });
});

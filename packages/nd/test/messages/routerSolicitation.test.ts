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
import { changed, testRefusals } from '../support/refusals.js';

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

const fromNobody = (packet: Uint8Array): Uint8Array => packet.fill(0, 8, 24);

describe('RFC 4861 §6.1.1: a Router Solicitation is refused', () => {
  testRefusals({
    section: 'RFC 4861 §6.1.1',
    golden,
    fixed: 8,
    option: 48,
    own: [
      [
        'with an option that reaches beyond its end',
        (packet) => packet.fill(2, 49, 50),
        { code: 'bad-option-length', offset: 48, section: 'RFC 4861 §4.6' },
      ],
      [
        'from :: with a source link-layer option',
        fromNobody,
        { code: 'forbidden-option', offset: 48 },
      ],
    ],
  });
});

describe('RFC 4861 §6.1.1: a Router Solicitation is accepted', () => {
  test('from :: with a source link-layer option where the caller forgives it, as deployed peers need', () => {
    const packet = changed(golden, fromNobody);
    const parsed = parseNd(packet, 0, packet.length, { lenientSolicitation: true });
    expect(parsed).toEqual({ ok: true, value: { ...message, source: address('::') } });
  });

  test('whatever its reserved field holds', () => {
    const packet = changed(golden, (packet) => packet.fill(0xff, 44, 48));
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: true, value: message });
  });
});

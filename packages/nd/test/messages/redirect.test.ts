import { address, hex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  findOption,
  MINIMUM_MTU,
  type NdOption,
  type ParseResult,
  parseNd,
  type Redirect,
  redirectView,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { redirect } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { changed, testRefusals } from '../support/refusals.js';

const golden = hex(`
  60000000 0048 3a ff
  fe800000000000000000000000000001
  20010db8000000000000000000000002
  89 00 7b6f 00000000
  fe800000000000000000000000000003
  20010db8000000000000000000000004
  02 01 0200c6336403
  04 03 000000000000
  60000000000000400102030405060708
`);

const message: Redirect = {
  type: 'redirect',
  source: address('fe80::1'),
  destination: address('2001:db8::2'),
  target: address('fe80::3'),
  redirectDestination: address('2001:db8::4'),
  options: [
    { type: 'target-link-layer', address: hex('0200c6336403') },
    { type: 'redirected-header', packet: hex('60000000000000400102030405060708') },
  ],
};

describeMessage('a Redirect', {
  golden,
  message,
  parse: (bytes, offset, length) => parseNd(bytes, offset, length) as ParseResult<Redirect>,
  build: buildNd,
  write: writeNd,
  arbitrary: redirect,
});

describe('the view of a Redirect', () => {
  test('finds its parts', () => {
    const target = redirectView.targetOffset(0);
    const redirected = redirectView.redirectDestinationOffset(0);
    expect(golden.subarray(target, target + 16)).toEqual(message.target);
    expect(golden.subarray(redirected, redirected + 16)).toEqual(message.redirectDestination);
    expect(golden[redirectView.optionsOffset(0)]).toBe(2);
  });
});

describe('RFC 4861 §8.1: a Redirect is refused', () => {
  testRefusals({
    section: 'RFC 4861 §8.1',
    golden,
    fixed: 40,
    option: 80,
    own: [
      [
        'whose source is not link-local',
        (packet) => packet.set(address('2001:db8::1'), 8),
        { code: 'bad-source', offset: 8 },
      ],
      [
        'whose redirected destination is multicast',
        (packet) => packet.fill(0xff, 64, 65),
        { code: 'bad-destination', offset: 64 },
      ],
      [
        'whose target is neither link-local nor the redirected destination',
        (packet) => packet.set(address('2001:db8::5'), 48),
        { code: 'bad-target', offset: 48 },
      ],
    ],
  });
});

describe('RFC 4861 §8.1: a Redirect is accepted', () => {
  test('when the target is the redirected destination itself', () => {
    const packet = changed(golden, (packet) => packet.set(message.redirectDestination, 48));
    expect(parseNd(packet, 0, packet.length)).toEqual({
      ok: true,
      value: { ...message, target: message.redirectDestination },
    });
  });
});

describe('draft-01 §6.13: a Redirect the other way round', () => {
  const reversed = buildNd({
    ...message,
    target: address('2001:db8::1'),
    redirectDestination: address('fe80::1'),
    options: [],
  });

  test('is refused by RFC 4861 §8.1, and accepted where options allow it', () => {
    expect(parseNd(reversed, 0, reversed.length)).toMatchObject({ error: { code: 'bad-target' } });
    expect(parseNd(reversed, 0, reversed.length, { lenientRedirect: true })).toMatchObject({
      ok: true,
      value: { target: address('2001:db8::1'), redirectDestination: address('fe80::1') },
    });
  });

  test('must have a link-local destination and a unicast target even then', () => {
    for (const fields of [
      { target: address('2001:db8::1'), redirectDestination: address('2001:db8::7') },
      { target: address('ff02::1'), redirectDestination: address('fe80::1') },
    ]) {
      const packet = buildNd({ ...message, ...fields, options: [] });
      expect(parseNd(packet, 0, packet.length, { lenientRedirect: true }).ok).toBe(false);
    }
  });
});

describe('RFC 4861 §8.2: a Redirect that is built', () => {
  const packetOf = (length: number): NdOption => ({
    type: 'redirected-header',
    packet: Uint8Array.from({ length }, (_, index) => index),
  });

  test('holds no more of the redirected packet than fits into 1280 bytes', () => {
    fc.assert(
      fc.property(fc.nat(4000), fc.nat(20), (length, nonces) => {
        const others: NdOption[] = Array.from({ length: nonces }, () => ({
          type: 'nonce',
          nonce: new Uint8Array(14),
        }));
        const packet = buildNd({ ...message, options: [...others, packetOf(length)] });
        expect(packet.length).toBeLessThanOrEqual(MINIMUM_MTU);
        const parsed = parseNd(packet, 0, packet.length);
        if (!parsed.ok) throw new Error(parsed.error.code);
        const kept = findOption(parsed.value.options, 'redirected-header')!.packet;
        const room = MINIMUM_MTU - 80 - nonces * 16 - 8;
        expect(kept.length).toBe(Math.floor(Math.min(length, room) / 8) * 8);
        expect(kept.every((byte, index) => byte === (index & 0xff))).toBe(true);
      }),
    );
  });

  test('holds no more of two redirected packets either', () => {
    const packet = buildNd({ ...message, options: [packetOf(1500), packetOf(1500)] });
    expect(packet.length).toBeLessThanOrEqual(MINIMUM_MTU);
    expect(parseNd(packet, 0, packet.length).ok).toBe(true);
  });
});

import { address, hex, toHex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeIcmpError } from '../../src/icmpv6/icmpError.js';
import {
  buildEcho,
  buildIcmpError,
  buildNd,
  buildUdp,
  EXCEEDED_HOP_LIMIT,
  EXCEEDED_REASSEMBLY_TIME,
  type IcmpError,
  InvalidArgumentError,
  icmpErrorView,
  icmpv6View,
  MINIMUM_MTU,
  mayCauseIcmpError,
  PROBLEM_HEADER_FIELD,
  PROBLEM_NEXT_HEADER,
  PROBLEM_OPTION,
  parseIcmpError,
  UNREACHABLE_ADDRESS,
  UNREACHABLE_BEYOND_SCOPE,
  UNREACHABLE_NO_ROUTE,
  UNREACHABLE_PORT,
  UNREACHABLE_PROHIBITED,
  UNREACHABLE_ROUTE_REJECTS,
  UNREACHABLE_SOURCE_POLICY,
  writeIPv6Header,
} from '../../src/index.js';
import { icmpError, ndMessage } from '../support/arbitraries.js';
import { frame } from '../support/frames.js';
import { describeMessage } from '../support/messageTests.js';
import { fixChecksum } from '../support/oracle.js';

const source = address('2001:db8::1');
const destination = address('2001:db8::2');

const golden = hex(`
  60000000 0010 3a 40
  20010db8000000000000000000000001
  20010db8000000000000000000000002
  02 00 fdc7 00000500
  6000000005383a40
`);

const message: IcmpError = {
  type: 'packet-too-big',
  source,
  destination,
  mtu: 1280,
  invoking: hex('6000000005383a40'),
};

describeMessage('an ICMPv6 error', {
  golden,
  message,
  parse: parseIcmpError,
  build: buildIcmpError,
  write: writeIcmpError,
  arbitrary: icmpError,
});

describe('an ICMPv6 error', () => {
  const base = { source, destination, invoking: hex('60') };

  test.each<[string, IcmpError]>([
    ['01 00 .... 00000000', { type: 'destination-unreachable', code: 0, ...base }],
    ['01 06 .... 00000000', { type: 'destination-unreachable', code: 6, ...base }],
    ['02 00 .... 00000590', { type: 'packet-too-big', mtu: 1424, ...base }],
    ['03 00 .... 00000000', { type: 'time-exceeded', code: 0, ...base }],
    ['03 01 .... 00000000', { type: 'time-exceeded', code: 1, ...base }],
    ['04 01 .... 00000028', { type: 'parameter-problem', code: 1, pointer: 40, ...base }],
  ])('starts with %s', (start, error) => {
    const packet = buildIcmpError(error);
    expect(toHex(packet.subarray(40, 48))).toMatch(new RegExp(`^${start.replaceAll(' ', '')}$`));
    expect(parseIcmpError(packet, 0, packet.length)).toEqual({ ok: true, value: error });
  });

  test('has names for its codes (RFC 4443 §3.1, §3.3, §3.4)', () => {
    expect([
      UNREACHABLE_NO_ROUTE,
      UNREACHABLE_PROHIBITED,
      UNREACHABLE_BEYOND_SCOPE,
      UNREACHABLE_ADDRESS,
      UNREACHABLE_PORT,
      UNREACHABLE_SOURCE_POLICY,
      UNREACHABLE_ROUTE_REJECTS,
    ]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([EXCEEDED_HOP_LIMIT, EXCEEDED_REASSEMBLY_TIME]).toEqual([0, 1]);
    expect([PROBLEM_HEADER_FIELD, PROBLEM_NEXT_HEADER, PROBLEM_OPTION]).toEqual([0, 1, 2]);
  });

  test('is read in place', () => {
    expect(icmpv6View.type(golden, 0)).toBe(2);
    expect(icmpErrorView.mtu(golden, 0)).toBe(1280);
    expect(icmpErrorView.invokingOffset(0)).toBe(48);
    const problem = buildIcmpError({ type: 'parameter-problem', code: 0, pointer: 7, ...base });
    expect(icmpErrorView.pointer(problem, 0)).toBe(7);
  });

  test('RFC 4443 §2.4 (c): holds as much of the invoking packet as 1280 bytes allow', () => {
    fc.assert(
      fc.property(fc.nat(3000), (length) => {
        const invoking = new Uint8Array(length).map((_, index) => index);
        const packet = buildIcmpError({ ...message, invoking });
        expect(packet.length).toBe(Math.min(48 + length, MINIMUM_MTU));
        const parsed = parseIcmpError(packet, 0, packet.length);
        expect(parsed.ok && parsed.value.invoking).toEqual(invoking.subarray(0, 1232));
      }),
    );
  });

  test('is sent with hop limit 64', () => {
    expect(buildIcmpError(message)[7]).toBe(64);
  });

  test.each(['destination-unreachable', 'time-exceeded'] as const)(
    '%s has zeros in its unused field (RFC 4443 §3.1, §3.3)',
    (type) => {
      const packet = buildIcmpError({ type, code: 1, ...base });
      expect([...packet.subarray(44, 48)]).toEqual([0, 0, 0, 0]);
    },
  );

  test('is accepted whatever its unused field contains', () => {
    const packet = buildIcmpError({ type: 'time-exceeded', code: 0, ...base });
    packet.fill(0xff, 44, 48);
    expect(parseIcmpError(fixChecksum(packet), 0, packet.length).ok).toBe(true);
  });

  test.each([
    ['no IPv6', 0, 0x50, { code: 'bad-ipv6-header', offset: 0, section: 'RFC 8200 §3' }],
    ['another protocol', 6, 17, { code: 'other-message', offset: 6, section: 'RFC 4443 §3' }],
    ['type 0', 40, 0, { code: 'other-message', offset: 6, section: 'RFC 4443 §3' }],
    ['type 5', 40, 5, { code: 'other-message', offset: 6, section: 'RFC 4443 §3' }],
  ])('is not what has %s', (_, at, value, error) => {
    const packet = golden.slice();
    packet[at] = value;
    expect(parseIcmpError(fixChecksum(packet), 0, packet.length)).toEqual({ ok: false, error });
  });

  test('is not an IPv6 header with nothing behind it', () => {
    const header = golden.slice(0, 40).fill(0, 4, 6);
    expect(parseIcmpError(header, 0, 40)).toEqual({
      ok: false,
      error: { code: 'other-message', offset: 6, section: 'RFC 4443 §3' },
    });
  });

  test('is not what has a wrong checksum, or fewer than 8 bytes', () => {
    const wrong = golden.slice();
    wrong[50]! ^= 1;
    expect(parseIcmpError(wrong, 0, wrong.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 42, section: 'RFC 4443 §3' },
    });
    const short = golden.slice(0, 47);
    short[5] = 7;
    expect(parseIcmpError(fixChecksum(short), 0, short.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 47, section: 'RFC 4443 §3' },
    });
  });

  test('takes any MTU and pointer of 32 bits', () => {
    for (const value of [0, 0xffff_ffff]) {
      const tooBig = buildIcmpError({ ...message, mtu: value });
      const problem = buildIcmpError({
        type: 'parameter-problem',
        code: 0,
        pointer: value,
        ...base,
      });
      expect([icmpErrorView.mtu(tooBig, 0), icmpErrorView.pointer(problem, 0)]).toEqual([
        value,
        value,
      ]);
    }
  });

  test.each<[string, IcmpError]>([
    ['mtu', { ...message, mtu: 2 ** 32 }],
    ['pointer', { type: 'parameter-problem', code: 0, pointer: -1, ...base }],
    ['code', { type: 'destination-unreachable', code: 256, ...base }],
    ['source', { ...message, source: new Uint8Array(0) }],
  ])('is not built with a bad %s', (field, error) => {
    expect(() => buildIcmpError(error)).toThrow(InvalidArgumentError);
    expect(() => buildIcmpError(error)).toThrow(expect.objectContaining({ field }));
  });
});

describe('RFC 4443 §2.4 (e): an error may be caused', () => {
  const may = (packet: Uint8Array, exception?: { readonly toMulticast?: boolean }): boolean =>
    mayCauseIcmpError(packet, 0, packet.length, exception);
  const echo = (change: object = {}): Uint8Array =>
    buildEcho({
      type: 'echo-request',
      source,
      destination,
      hopLimit: 1,
      identifier: 1,
      sequence: 1,
      data: new Uint8Array(8),
      ...change,
    });
  const udp = buildUdp({
    source,
    destination,
    sourcePort: 1,
    destinationPort: 2,
    payload: hex('00'),
  });

  test('by echo and by other protocols', () => {
    expect(may(echo())).toBe(true);
    expect(may(echo({ type: 'echo-reply' }))).toBe(true);
    expect(may(udp)).toBe(true);
  });

  test('(e.1) not by an error, even one behind extension headers', () => {
    expect(may(buildIcmpError(message))).toBe(false);
    const error = buildIcmpError(message);
    const behind = new Uint8Array(error.length + 8);
    behind.set(error.subarray(0, 40));
    behind.set(error.subarray(40), 48);
    behind[6] = 60;
    behind[40] = 58;
    expect(may(behind)).toBe(false);
  });

  test('(e.1) not by any type below 128, not even an unassigned one', () => {
    for (let type = 0; type <= 255; type++) {
      const packet = echo();
      packet[40] = type;
      expect(may(packet)).toBe(type >= 128 && type !== 137);
    }
  });

  test('(e.2) not by a redirect', () => {
    const redirect = buildNd({
      type: 'redirect',
      source: address('fe80::1'),
      destination,
      target: destination,
      redirectDestination: destination,
      options: [],
    });
    expect(may(redirect)).toBe(false);
  });

  test('(e.3) not by what was sent to multicast, except where the rule has exceptions', () => {
    const packet = echo({ destination: address('ff0e::1') });
    expect(may(packet)).toBe(false);
    expect(may(packet, {})).toBe(false);
    expect(may(packet, { toMulticast: false })).toBe(false);
    expect(may(packet, { toMulticast: true })).toBe(true);
  });

  test('(e.6) not by a packet from the unspecified or a multicast address', () => {
    for (const text of ['::', 'ff02::1']) {
      expect(may(echo({ source: address(text) }))).toBe(false);
      expect(may(echo({ source: address(text) }), { toMulticast: true })).toBe(false);
    }
  });

  test('not by a packet that cannot be classified', () => {
    const packet = echo();
    expect(mayCauseIcmpError(packet, 0, 39)).toBe(false);
    expect(mayCauseIcmpError(packet, 0, 40)).toBe(false);
    expect(mayCauseIcmpError(packet, 0, packet.length + 1)).toBe(false);
    expect(mayCauseIcmpError(packet, -1, packet.length)).toBe(false);
    const laterFragment = new Uint8Array(56);
    writeIPv6Header(laterFragment, 0, {
      source,
      destination,
      payloadLength: 16,
      nextHeader: 44,
      hopLimit: 1,
    });
    laterFragment.set(hex('3a00000900000001'), 40);
    expect(may(laterFragment)).toBe(false);
  });

  test('by a packet that is cut short behind its type', () => {
    expect(mayCauseIcmpError(echo(), 0, 41)).toBe(true);
    expect(mayCauseIcmpError(udp, 0, 40)).toBe(true);
    expect(mayCauseIcmpError(udp, 0, 39)).toBe(false);
  });

  test('by a recorded frame that ran out of hops', () => {
    expect(may(frame('router2020/relay-hop-limit-1, request'))).toBe(true);
  });

  test('by Neighbor Discovery that is no redirect, from one node to one', () => {
    fc.assert(
      fc.property(ndMessage, (message) => {
        const nobody = message.source.every((byte) => byte === 0);
        expect(may(buildNd(message))).toBe(
          message.type !== 'redirect' && !nobody && message.destination[0] !== 0xff,
        );
      }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { checkReport, resultOf } from '../../src/check/checkReport.js';
import type { GatewayAnswer } from '../../src/check/gatewayProbe.js';
import type { MappingTimeout } from '../../src/check/mappingTimeout.js';
import type { NativeIPv6 } from '../../src/check/nativeIPv6.js';
import type { NetworkFindings } from '../../src/check/networkCheck.js';

const ROUTER = { address: '192.0.2.1', port: 25790 };
const SEEN = { address: '198.51.100.2', port: 58_526 };
const ANSWER = { router: ROUTER, seenAt: SEEN, after: 12, error: null };
const SILENT = { router: ROUTER, seenAt: null, after: null, error: null };
const NONE: NativeIPv6 = { by: 'none', source: null, addresses: [] };
const FOUND: NetworkFindings = {
  local: { address: '10.0.0.2', port: 40_000 },
  routers: [ANSWER],
  isTranslated: true,
  observations: [],
  unasked: null,
  largestPacket: 1280,
};

const plain = (text: string): string => text.replace(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), '');

/** The value of a line of the report. */
function lineOf(
  name: string,
  found: Partial<NetworkFindings>,
  further: {
    nativeIPv6?: NativeIPv6;
    mappingTimeout?: MappingTimeout | null;
    gateway?: GatewayAnswer;
  } = {},
): string | undefined {
  const result = resultOf({ ...FOUND, ...found }, { nativeIPv6: NONE, ...further });
  const lines = plain(checkReport(result)).split('\n');
  return lines.find((line) => line.startsWith(name))?.slice(12);
}

describe('the line of the NAT', () => {
  test.each([
    [true, 'yes: the router sees another address or port than our 10.0.0.2:40000'],
    [false, 'none on the way from our 10.0.0.2:40000'],
    [null, 'unknown, for our 10.0.0.2:40000'],
  ])('with %j names the address of --listen', (isTranslated, expected) => {
    expect(lineOf('NAT', { isTranslated })).toBe(expected);
  });

  test('names the port alone where all addresses are listened on', () => {
    const local = { address: '0.0.0.0', port: 40_000 };
    expect(lineOf('NAT', { local })).toBe(
      'yes: the router sees another address or port than our port 40000',
    );
  });
});

describe('the line of the timeout', () => {
  test.each<[MappingTimeout | null, string]>([
    [null, 'unknown: the router does not relay'],
    [{ atLeast: 60, below: null }, 'a mapping without traffic lives for 60 s at least'],
    [
      { atLeast: 0, below: 2 },
      'a mapping without traffic ends in less than 2 s: give peers --keepalive 1',
    ],
    [
      { atLeast: 20, below: 24 },
      'a mapping without traffic ends after 20 to 24 s: give peers --keepalive 19',
    ],
    [
      { atLeast: 28, below: 32 },
      'a mapping without traffic ends after 28 to 32 s, before the 120 s of RFC 4787',
    ],
    [{ atLeast: 118, below: 122 }, 'a mapping without traffic ends after 118 to 122 s'],
  ])('of %j', (mappingTimeout, expected) => {
    expect(lineOf('timeout', {}, { mappingTimeout })).toBe(expected);
  });

  test('is not there where it was not asked for', () => {
    expect(lineOf('timeout', {})).toBeUndefined();
  });
});

describe('the line of IPv6', () => {
  const [source, addresses] = ['fc64::1', ['2001:db8::2']];
  test.each<[NativeIPv6, string]>([
    [NONE, 'none but that of 6bed4'],
    [
      { by: 'none', source: null, addresses },
      'the native address 2001:db8::2 without a route to the Internet',
    ],
    [{ by: 'tunnel', source, addresses: [] }, 'through the tunnel, from fc64::1'],
    [
      { by: 'tunnel', source, addresses },
      'through the tunnel, from fc64::1, although there is the native address 2001:db8::2',
    ],
    [
      { by: 'native', source: '2001:db8::2', addresses },
      'native, from 2001:db8::2; it is preferred to the tunnel',
    ],
  ])('of %j', (nativeIPv6, expected) => {
    expect(lineOf('IPv6', {}, { nativeIPv6 })).toBe(expected);
  });
});

describe('the result', () => {
  const timeout = (atLeast: number, below: number | null) => ({
    mappingTimeout: { atLeast, below },
  });
  test.each<[string, Partial<NetworkFindings>, object, string]>([
    ['one router that answers', {}, {}, 'ok'],
    ['one of two routers that answers', { routers: [SILENT, ANSWER] }, {}, 'limited'],
    ['a silent router', { routers: [SILENT], largestPacket: null }, {}, 'failed'],
    ['packets that get lost', { largestPacket: 512 }, {}, 'limited'],
    ['packets that are not relayed', { largestPacket: 0 }, {}, 'limited'],
    [
      'another mapping for each remote',
      {
        observations: [
          { router: ROUTER, seenAt: SEEN },
          { router: { ...ROUTER, address: '192.0.2.9' }, seenAt: { ...SEEN, port: 1 } },
        ],
      },
      {},
      'limited',
    ],
    ['a mapping that ends before a keepalive', {}, timeout(20, 24), 'limited'],
    ['a mapping that may end with a keepalive', {}, timeout(24, 28), 'ok'],
    ['a mapping whose end nobody saw', {}, timeout(2, null), 'ok'],
    ['a timeout that is not known', {}, { mappingTimeout: null }, 'ok'],
  ])('of %s', (_, found, further, expected) => {
    const all = { nativeIPv6: NONE, ...further };
    expect(resultOf({ ...FOUND, ...found }, all).result).toBe(expected);
  });
});

describe('the line of a gateway', () => {
  const gateway = 'wss://router.example/6bed4';
  const WORKING: GatewayAnswer = { gateway, works: true, endpoint: SEEN, after: 21, error: null };
  const FAILING = {
    gateway,
    works: false,
    endpoint: null,
    after: null,
    error: 'a token is needed',
  };

  test('says whether it can be used', () => {
    expect(lineOf('gateway', {})).toBeUndefined();
    expect(lineOf('gateway', {}, { gateway: WORKING })).toBe(
      `${gateway} gives an address after 21 ms, at 198.51.100.2:58526`,
    );
    expect(lineOf('gateway', {}, { gateway: FAILING })).toBe(
      `${gateway} cannot be used: a token is needed`,
    );
  });

  test.each<[string, object[], GatewayAnswer | undefined]>([
    ['ok', [ANSWER], WORKING],
    ['limited', [ANSWER], FAILING],
    ['limited', [SILENT], WORKING],
    ['failed', [SILENT], FAILING],
    ['failed', [SILENT], undefined],
  ])('makes the result %s', (expected, routers, answer) => {
    const found = { ...FOUND, routers: routers as (typeof ANSWER)[] };
    const further = { nativeIPv6: NONE, ...(answer && { gateway: answer }) };
    expect(resultOf(found, further).result).toBe(expected);
  });
});

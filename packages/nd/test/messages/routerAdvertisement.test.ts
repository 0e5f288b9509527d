import { address, hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  InvalidArgumentError,
  type ParseResult,
  parseNd,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  type RouterAdvertisement,
  routerAdvertisementView,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { routerAdvertisement } from '../support/arbitraries.js';
import { frame } from '../support/frames.js';
import { describeMessage } from '../support/messageTests.js';
import { testRefusals } from '../support/refusals.js';

const golden = hex(`
  60000000 0038 3a ff
  fe800000000000000000000000000000
  ff020000000000000000000000000001
  86 00 77cb
  40 ec 0708 00007530 000003e8
  03 04 40 c0 00278d00 00093a80 00000000
  20010db8000000010000000000000000
  05 01 0000 00000500
`);

const message: RouterAdvertisement = {
  type: 'router-advertisement',
  source: address('fe80::'),
  destination: address('ff02::1'),
  currentHopLimit: 64,
  managed: true,
  other: true,
  homeAgent: true,
  preference: 'high',
  proxy: true,
  routerLifetime: 1800,
  reachableTime: 30_000,
  retransTimer: 1000,
  options: [
    {
      type: 'prefix-information',
      prefixLength: 64,
      onLink: true,
      autonomous: true,
      validLifetime: 2_592_000,
      preferredLifetime: 604_800,
      prefix: address('2001:db8:0:1::'),
    },
    { type: 'mtu', mtu: 1280 },
  ],
};

describeMessage('a Router Advertisement', {
  golden,
  message,
  parse: (bytes, offset, length) =>
    parseNd(bytes, offset, length) as ParseResult<RouterAdvertisement>,
  build: buildNd,
  write: writeNd,
  arbitrary: routerAdvertisement,
});

describe('the view of a Router Advertisement', () => {
  const view = routerAdvertisementView;

  test('reads its fields', () => {
    expect(view.currentHopLimit(golden, 0)).toBe(64);
    expect(view.managed(golden, 0)).toBe(true);
    expect(view.other(golden, 0)).toBe(true);
    expect(view.homeAgent(golden, 0)).toBe(true);
    expect(view.preference(golden, 0)).toBe('high');
    expect(view.proxy(golden, 0)).toBe(true);
    expect(view.routerLifetime(golden, 0)).toBe(1800);
    expect(view.reachableTime(golden, 0)).toBe(30_000);
    expect(view.retransTimer(golden, 0)).toBe(1000);
    expect(golden[view.optionsOffset(0)]).toBe(3);
  });

  test('distinguishes the flags', () => {
    const read = (flags: number): object => {
      const packet = golden.slice();
      packet[45] = flags;
      return {
        managed: view.managed(packet, 0),
        other: view.other(packet, 0),
        homeAgent: view.homeAgent(packet, 0),
        preference: view.preference(packet, 0),
        proxy: view.proxy(packet, 0),
      };
    };
    const none = {
      managed: false,
      other: false,
      homeAgent: false,
      preference: 'medium',
      proxy: false,
    };
    expect(read(0x00)).toEqual(none);
    expect(read(0x80)).toEqual({ ...none, managed: true });
    expect(read(0x40)).toEqual({ ...none, other: true });
    expect(read(0x20)).toEqual({ ...none, homeAgent: true });
    expect(read(0x08)).toEqual({ ...none, preference: 'high' });
    expect(read(0x18)).toEqual({ ...none, preference: 'low' });
    expect(read(0x04)).toEqual({ ...none, proxy: true });
    expect(read(0x03)).toEqual(none);
  });

  test.each([
    [0x00, {}],
    [0x80, { managed: true }],
    [0x40, { other: true }],
    [0x20, { homeAgent: true }],
    [0x08, { preference: 'high' }],
    [0x18, { preference: 'low' }],
    [0x04, { proxy: true }],
  ] as const)('its flags are written as %i, and what is reserved as zero', (flags, fields) => {
    const { source, destination } = message;
    const none = { ...ROUTER_ADVERTISEMENT_DEFAULTS, source, destination, options: [] };
    expect(buildNd({ ...none, ...fields })[45]).toBe(flags);
  });

  test('RFC 4191 §2.2: takes the reserved preference as medium', () => {
    const packet = golden.slice();
    packet[45] = 0x10;
    expect(view.preference(packet, 0)).toBe('medium');
  });
});

describe('RFC 4861 §6.1.2: a Router Advertisement is refused', () => {
  testRefusals({
    section: 'RFC 4861 §6.1.2',
    golden,
    fixed: 16,
    option: 88,
    own: [
      [
        'whose source is not link-local',
        (packet) => packet.set(address('2001:db8::1'), 8),
        { code: 'bad-source', offset: 8 },
      ],
    ],
  });
});

describe('what deployed routers advertise', () => {
  test('is read with preference low, for ever, and a prefix of 114 bits', () => {
    const packet = frame('router2020/rs-even-port, reply');
    expect(parseNd(packet, 0, packet.length)).toEqual({
      ok: true,
      value: {
        type: 'router-advertisement',
        source: address('fe80::'),
        destination: address('ff02::1'),
        currentHopLimit: 0,
        managed: false,
        other: false,
        homeAgent: false,
        proxy: false,
        preference: 'low',
        routerLifetime: 0xffff,
        reachableTime: 0xffff_ffff,
        retransTimer: 0xffff_ffff,
        options: [
          {
            type: 'prefix-information',
            prefixLength: 114,
            onLink: true,
            autonomous: true,
            validLifetime: 0xffff_ffff,
            preferredLifetime: 0xffff_ffff,
            prefix: address('fc64:bed:c633:6401:c433:6402:9c40:8000'),
          },
        ],
      },
    });
  });
});

describe('building a Router Advertisement', () => {
  test('takes the lowest and the highest values', () => {
    const { source, destination } = message;
    const lowest = { ...ROUTER_ADVERTISEMENT_DEFAULTS, source, destination, options: [] };
    expect([...buildNd(lowest).subarray(44, 56)]).toEqual(new Array(12).fill(0));
    const highest = {
      ...lowest,
      currentHopLimit: 0xff,
      routerLifetime: 0xffff,
      reachableTime: 0xffff_ffff,
      retransTimer: 0xffff_ffff,
    };
    expect([...buildNd(highest).subarray(44, 56)]).toEqual([0xff, 0, ...new Array(10).fill(0xff)]);
  });

  test.each([
    ['source', { source: new Uint8Array(15) }, 'source: found 15 bytes, expected 16 bytes'],
    ['destination', { destination: new Uint8Array(17) }, 'destination: found 17 bytes, '],
    [
      'currentHopLimit',
      { currentHopLimit: 256 },
      'currentHopLimit: found 256, expected an integer',
    ],
    ['routerLifetime', { routerLifetime: -1 }, 'routerLifetime: found -1, '],
    ['reachableTime', { reachableTime: 2 ** 32 }, 'reachableTime: found 4294967296, '],
    ['retransTimer', { retransTimer: 0.5 }, 'retransTimer: found 0.5, '],
  ])('names the field %s when it is out of range', (field, change, text) => {
    const build = (): Uint8Array => buildNd({ ...message, ...change });
    expect(build).toThrow(InvalidArgumentError);
    expect(build).toThrow(text);
    expect(build).toThrow(expect.objectContaining({ field }));
  });
});

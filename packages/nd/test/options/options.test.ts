import { address, hex, toHex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  findOption,
  findOptionOffset,
  InvalidArgumentError,
  type NdOption,
  parseNd,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  routerAdvertisementView,
} from '../../src/index.js';
import { OPTION_NONCE } from '../../src/options/optionCodes.js';
import { option } from '../support/arbitraries.js';
import { fixChecksum, fixLength } from '../support/oracle.js';

const OPTIONS = routerAdvertisementView.optionsOffset(0);

/** An advertisement with these options, for the sake of the options. */
function build(options: readonly NdOption[]): Uint8Array {
  return buildNd({
    ...ROUTER_ADVERTISEMENT_DEFAULTS,
    source: address('fe80::'),
    destination: address('ff02::1'),
    options,
  });
}

function emit(...options: readonly NdOption[]): string {
  return toHex(build(options).subarray(OPTIONS));
}

/** The options that these bytes are read as, or why they are not. */
function parse(text: string): readonly NdOption[] | object {
  const bytes = hex(text);
  const packet = new Uint8Array(OPTIONS + bytes.length);
  packet.set(build([]));
  packet.set(bytes, OPTIONS);
  const parsed = parseNd(fixChecksum(fixLength(packet)), 0, packet.length);
  return parsed.ok ? parsed.value.options : parsed.error;
}

const prefix = address('2001:db8:1:2::');

const golden: readonly (readonly [string, string, NdOption])[] = [
  [
    'source link-layer address (RFC 4861 §4.6.1)',
    '01 01 0200c6336402',
    { type: 'source-link-layer', address: hex('0200c6336402') },
  ],
  [
    'target link-layer address (RFC 4861 §4.6.1)',
    '02 02 000102030405060708090a0b0c0d',
    { type: 'target-link-layer', address: hex('000102030405060708090a0b0c0d') },
  ],
  [
    'prefix information (RFC 4861 §4.6.2)',
    '03 04 40 c0 00000e10 00000708 00000000 20010db8000100020000000000000000',
    {
      type: 'prefix-information',
      prefixLength: 64,
      onLink: true,
      autonomous: true,
      validLifetime: 3600,
      preferredLifetime: 1800,
      prefix,
    },
  ],
  [
    'redirected header (RFC 4861 §4.6.3)',
    '04 02 0000 00000000 6000000000003b40',
    { type: 'redirected-header', packet: hex('6000000000003b40') },
  ],
  ['MTU (RFC 4861 §4.6.4)', '05 01 0000 00000500', { type: 'mtu', mtu: 1280 }],
  [
    'timestamp (RFC 3971 §5.3.1)',
    '0d 02 000000000000 0000 6563 0a00 8000',
    { type: 'timestamp', timestamp: (0x6563_0a00n << 16n) | 0x8000n },
  ],
  ['nonce (RFC 3971 §5.3.2)', '0e 01 6e6f6e636521', { type: 'nonce', nonce: hex('6e6f6e636521') }],
  [
    'default route (RFC 4191 §2.3)',
    '18 01 00 18 ffffffff',
    {
      type: 'route-information',
      prefixLength: 0,
      preference: 'low',
      lifetime: 0xffff_ffff,
      prefix: address('::'),
    },
  ],
  [
    'route of up to 64 bits (RFC 4191 §2.3)',
    '18 02 40 08 00000258 20010db800010002',
    {
      type: 'route-information',
      prefixLength: 64,
      preference: 'high',
      lifetime: 600,
      prefix,
    },
  ],
  [
    'longer route (RFC 4191 §2.3)',
    '18 03 72 00 00000258 fc640bedc6336401c43364029c408000',
    {
      type: 'route-information',
      prefixLength: 114,
      preference: 'medium',
      lifetime: 600,
      prefix: address('fc64:bed:c633:6401:c433:6402:9c40:8000'),
    },
  ],
  [
    'DNS servers (RFC 8106 §5.1)',
    `19 05 0000 00000e10
     20010db8000000000000000000000001 20010db8000000000000000000000002`,
    {
      type: 'rdnss',
      lifetime: 3600,
      servers: [address('2001:db8::1'), address('2001:db8::2')],
    },
  ],
  [
    'unknown option',
    'fd 02 0102030405060708090a0b0c0d0e',
    { type: 'unknown', code: 253, body: hex('0102030405060708090a0b0c0d0e') },
  ],
];

describe('an option', () => {
  test.each(golden)('%s is parsed', (_, bytes, option) => {
    expect(parse(bytes)).toEqual([option]);
  });

  test.each(golden)('%s is built', (_, bytes, option) => {
    expect(emit(option)).toBe(bytes.replaceAll(/\s/g, ''));
  });

  test('keeps its place among others', () => {
    const all = golden.map(([, , option]) => option);
    expect(parse(golden.map(([, bytes]) => bytes).join(''))).toEqual(all);
    expect(emit(...all)).toBe(golden.map(([, bytes]) => bytes.replaceAll(/\s/g, '')).join(''));
  });

  test('is parsed as it was built, with any others', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 8 }), (options) => {
        expect(parse(emit(...options))).toEqual(options);
      }),
    );
  });
});

describe('an option with a length that is not its own is kept as it is', () => {
  test.each([
    ['prefix information of 8 bytes', '03 01 40c000000e10'],
    ['prefix information of more than 128 bits', `03 04 81 c0 ${'00'.repeat(28)}`],
    ['MTU of 16 bytes', '05 02 0000000005000000000000000000'],
    ['timestamp of 8 bytes', '0d 01 000000000000'],
    ['timestamp of 24 bytes', `0d 03 ${'00'.repeat(22)}`],
    ['route of 32 bytes', `18 04 00 00 ${'00'.repeat(28)}`],
    ['route with fewer bytes than bits', '18 01 01 00 00000258'],
    ['route of 65 bits in 16 bytes', '18 02 41 00 00000258 20010db800010002'],
    ['DNS servers without any', '19 01 0000 00000e10'],
    ['DNS servers and a half', `19 04 0000 00000e10 ${'11'.repeat(24)}`],
  ])('%s', (_, text) => {
    const bytes = text.replaceAll(/\s/g, '');
    const unknown: NdOption = { type: 'unknown', code: hex(text)[0]!, body: hex(text).slice(2) };
    expect(parse(text)).toEqual([unknown]);
    expect(emit(unknown)).toBe(bytes);
  });
});

describe('RFC 4861 §4.6: a message is refused', () => {
  const section = 'RFC 4861 §4.6';

  test.each([
    ['for an option of length zero', '0e00000000000000', 0],
    ['for a later option of length zero', '0e01000000000000 0e00000000000000', 8],
    ['for an option that reaches beyond the end', '0e01000000000000 0e02000000000000', 8],
    ['for bytes that are no whole option', '0e01000000000000 0e01000000', 8],
    ['for one last byte', '0e01000000000000 0e', 8],
  ])('%s', (_, text, at) => {
    expect(parse(text)).toEqual({ code: 'bad-option-length', offset: OPTIONS + at, section });
  });
});

describe('what the rules leave open', () => {
  test('reserved fields are ignored', () => {
    expect(parse('05 01 ffff 00000500')).toEqual([{ type: 'mtu', mtu: 1280 }]);
    expect(parse('0d 02 ffffffffffff 0000000000000001')).toEqual([
      { type: 'timestamp', timestamp: 1n },
    ]);
  });

  test('RFC 4861 §4.6.2, RFC 4191 §2.3: bits behind a prefix are neither read nor sent', () => {
    const ones = new Uint8Array(16).fill(0xff);
    fc.assert(
      fc.property(fc.nat(128), (prefixLength) => {
        const expected = ones.map((_, index) => {
          const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
          return (0xff00 >> bits) & 0xff;
        });
        const information = {
          type: 'prefix-information',
          prefixLength,
          onLink: false,
          autonomous: false,
          validLifetime: 0,
          preferredLifetime: 0,
        } as const;
        const route = {
          type: 'route-information',
          prefixLength,
          preference: 'medium',
          lifetime: 0,
        } as const;
        const clean = emit({ ...information, prefix: expected }, { ...route, prefix: expected });
        expect(emit({ ...information, prefix: ones }, { ...route, prefix: ones })).toBe(clean);
        expect(parse(`0304 ${hex8(prefixLength)} ${'00'.repeat(13)} ${'ff'.repeat(16)}`)).toEqual([
          { ...information, prefix: expected },
        ]);
        expect(parse(`1803 ${hex8(prefixLength)} 00 00000000 ${'ff'.repeat(16)}`)).toEqual([
          { ...route, prefix: expected },
        ]);
      }),
    );
    expect(ones.every((byte) => byte === 0xff)).toBe(true);
  });

  test('RFC 4191 §2.3: a route of the reserved preference is not one', () => {
    for (const flags of ['00', '08', '18']) {
      const route = `18 02 40 ${flags} 00000258 20010db800010002`;
      expect(parse(route)).toMatchObject([{ type: 'route-information' }]);
    }
    for (const flags of ['10', 'f7']) {
      const route = `18 02 40 ${flags} 00000258 20010db800010002`;
      expect(parse(route)).toMatchObject([{ type: 'unknown', code: 24 }]);
    }
  });

  test('a route may come with a longer option than it needs', () => {
    const route = { type: 'route-information', preference: 'medium', lifetime: 600 };
    expect(parse(`18 03 40 00 00000258 ${toHex(prefix)}`)).toEqual([
      { ...route, prefixLength: 64, prefix },
    ]);
    expect(parse('18 02 00 00 00000258 0000000000000000')).toEqual([
      { ...route, prefixLength: 0, prefix: address('::') },
    ]);
  });

  test('a redirected header is built from whole units of 8 bytes', () => {
    expect(emit({ type: 'redirected-header', packet: hex('00112233445566778899') })).toBe(
      '04020000000000000011223344556677',
    );
  });
});

describe('an option is not built', () => {
  test.each<[string, string, NdOption]>([
    ['from a link-layer address that does not fill it', 'address', link(7)],
    ['from an empty link-layer address', 'address', link(0)],
    ['from a longer link-layer address than it holds', 'address', link(2046)],
    ['from a nonce of 8 bytes', 'nonce', { type: 'nonce', nonce: new Uint8Array(8) }],
    [
      'from an unknown body of 5 bytes',
      'body',
      { type: 'unknown', code: 99, body: new Uint8Array(5) },
    ],
    ['with type 256', 'code', { type: 'unknown', code: 256, body: new Uint8Array(6) }],
    ['with an MTU of 33 bits', 'mtu', { type: 'mtu', mtu: 2 ** 32 }],
    ['with a timestamp of 65 bits', 'timestamp', { type: 'timestamp', timestamp: 1n << 64n }],
    ['with a negative timestamp', 'timestamp', { type: 'timestamp', timestamp: -1n }],
    [
      'from a redirected packet that no option holds',
      'packet',
      { type: 'redirected-header', packet: new Uint8Array(2040) },
    ],
    ['without DNS servers', 'servers', { type: 'rdnss', lifetime: 0, servers: [] }],
    ['with 128 DNS servers', 'servers', servers(128, 16)],
    ['with a DNS server of 4 bytes', 'servers', servers(1, 4)],
    ['with a prefix of 129 bits', 'prefixLength', information({ prefixLength: 129 })],
    ['with a prefix of 8 bytes', 'prefix', information({ prefix: new Uint8Array(8) })],
    ['with a lifetime of 33 bits', 'validLifetime', information({ validLifetime: 2 ** 32 })],
    ['with a negative lifetime', 'preferredLifetime', information({ preferredLifetime: -1 })],
    ['with a route of 8 bytes', 'prefix', route({ prefix: new Uint8Array(8) })],
    ['with a route of 129 bits', 'prefixLength', route({ prefixLength: 129 })],
    ['with a negative lifetime of a route', 'lifetime', route({ lifetime: -1 })],
    [
      'with a lifetime of servers of 33 bits',
      'lifetime',
      { type: 'rdnss', lifetime: 2 ** 32, servers: [new Uint8Array(16)] },
    ],
  ])('%s: it names %s', (_, field, option) => {
    const build = (): string => emit(option);
    expect(build).toThrow(InvalidArgumentError);
    expect(build).toThrow(expect.objectContaining({ field }));
  });

  test('beyond its limits, but is built at them', () => {
    expect(parse(emit(link(2038)))).toEqual([link(2038)]);
    expect(parse(emit(servers(127, 16)))).toEqual([servers(127, 16)]);
    const packet = new Uint8Array(2039);
    expect(emit({ type: 'redirected-header', packet })).toHaveLength(2040 * 2);
    for (const code of [0, 255]) {
      const option: NdOption = { type: 'unknown', code, body: new Uint8Array(6) };
      expect(parse(emit(option))).toEqual([option]);
    }
    for (const timestamp of [0n, (1n << 64n) - 1n]) {
      expect(parse(emit({ type: 'timestamp', timestamp }))).toEqual([
        { type: 'timestamp', timestamp },
      ]);
    }
  });

  function link(length: number): NdOption {
    return { type: 'source-link-layer', address: new Uint8Array(length) };
  }

  function route(change: object): NdOption {
    return {
      type: 'route-information',
      prefixLength: 64,
      preference: 'low',
      lifetime: 0,
      prefix,
      ...change,
    };
  }

  function servers(count: number, length: number): NdOption {
    return {
      type: 'rdnss',
      lifetime: 0,
      servers: Array.from({ length: count }, () => new Uint8Array(length)),
    };
  }

  function information(change: object): NdOption {
    return {
      type: 'prefix-information',
      prefixLength: 64,
      onLink: true,
      autonomous: true,
      validLifetime: 1,
      preferredLifetime: 1,
      prefix,
      ...change,
    };
  }
});

describe('finding an option', () => {
  const nonces: NdOption[] = [
    { type: 'mtu', mtu: 1280 },
    { type: 'nonce', nonce: hex('000000000001') },
    { type: 'nonce', nonce: hex('000000000002') },
  ];

  test('by name gives the first', () => {
    expect(findOption(nonces, 'nonce')?.nonce).toEqual(hex('000000000001'));
    expect(findOption(nonces, 'rdnss')).toBeUndefined();
    expect(findOption([], 'nonce')).toBeUndefined();
  });

  test('by type in a packet gives where the first starts', () => {
    const packet = build(nonces);
    expect(findOptionOffset(packet, OPTIONS, packet.length, OPTION_NONCE)).toBe(OPTIONS + 8);
    expect(findOptionOffset(packet, OPTIONS, packet.length, 99)).toBe(-1);
    expect(findOptionOffset(packet, OPTIONS, OPTIONS + 8, OPTION_NONCE)).toBe(-1);
  });

  test('at the very start of a buffer is found from there, and from before', () => {
    const options = Uint8Array.of(OPTION_NONCE, 1, 1, 2, 3, 4, 5, 6);
    expect(findOptionOffset(options, 0, 8, OPTION_NONCE)).toBe(0);
    expect(findOptionOffset(options, -8, 8, OPTION_NONCE)).toBe(0);
    expect(findOptionOffset(options, 0, 7, OPTION_NONCE)).toBe(-1);
    expect(findOptionOffset(options, 1, 8, OPTION_NONCE)).toBe(-1);
  });

  test('that reaches beyond the end is not found', () => {
    const options = new Uint8Array(16);
    options.set([OPTION_NONCE, 2]);
    const found = [7, 8, 15, 16].map((end) => findOptionOffset(options, 0, end, OPTION_NONCE));
    expect(found).toEqual([-1, -1, -1, 0]);
  });

  test('in a packet ends at a malformed option, and at the end of the buffer', () => {
    const packet = build(nonces);
    expect(findOptionOffset(packet, OPTIONS, packet.length + 99, 99)).toBe(-1);
    expect(findOptionOffset(packet, OPTIONS, packet.length - 9, OPTION_NONCE)).toBe(-1);
    packet[OPTIONS + 1] = 0;
    expect(findOptionOffset(packet, OPTIONS, packet.length, OPTION_NONCE)).toBe(-1);
  });
});

function hex8(value: number): string {
  return value.toString(16).padStart(2, '0');
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AddressLayout,
  draft00,
  draft01,
  draft03,
  InvalidArgumentError,
  parseIPv6,
  readInt32,
  UdpEndpoint,
} from '../../src/index.js';
import { field, lowerHalf, toBigInt, toBytes } from '../support/oracle.js';

const ipv4 = fc.integer({ min: 0, max: 0xffff_ffff });
const POISON = 0xa5;

function fieldOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.field;
    throw error;
  }
  return 'accepted';
}

interface Case {
  readonly layout: AddressLayout;
  readonly port: fc.Arbitrary<number>;
  readonly lanip: fc.Arbitrary<number>;
  readonly oracle: (address: bigint, port: bigint, lanip: bigint) => bigint;
}

const cases: readonly Case[] = [
  {
    layout: draft00,
    port: fc.integer({ min: 1, max: 0xffff }),
    lanip: fc.integer({ min: 0, max: 0xffff }),
    oracle: lowerHalf.draft00,
  },
  {
    layout: draft01,
    port: fc.integer({ min: 1, max: 0x7fff }).map((half) => half * 2),
    lanip: fc.constant(0),
    oracle: (address, port) => lowerHalf.draft01(address, port),
  },
  {
    layout: draft03,
    port: fc.integer({ min: 1, max: 0xffff }),
    lanip: fc.integer({ min: 0, max: 0x3fff }),
    oracle: lowerHalf.draft03,
  },
];

describe.each(cases)('the layout of $layout.name', ({ layout, port, lanip, oracle }) => {
  test('writes what the drawing in the draft shows, and nothing around it', () => {
    fc.assert(
      fc.property(
        ipv4,
        port,
        lanip,
        fc.integer({ min: 0, max: 40 }),
        (address, port, lanip, at) => {
          const bytes = new Uint8Array(64).fill(POISON);
          layout.writeEndpoint(bytes, at, address, port, lanip);
          const expected = oracle(BigInt(address), BigInt(port), BigInt(lanip));
          expect(field(toBigInt(bytes, at), 64, 64)).toBe(expected);
          expect(bytes.subarray(0, at + 8).every((byte) => byte === POISON)).toBe(true);
          expect(bytes.subarray(at + 16).every((byte) => byte === POISON)).toBe(true);
        },
      ),
    );
  });

  test('reads back what it wrote', () => {
    fc.assert(
      fc.property(ipv4, port, lanip, (address, port, lanip) => {
        const bytes = new Uint8Array(24);
        layout.writeEndpoint(bytes, 4, address, port, lanip);
        const endpoint = new UdpEndpoint();
        layout.readEndpoint(bytes, 4, endpoint);
        expect([endpoint.address, endpoint.port]).toEqual([address, port]);
        expect(layout.readAddress(bytes, 4)).toBe(address);
        expect(layout.readPort(bytes, 4)).toBe(port);
        expect(layout.readLanip(bytes, 4)).toBe(lanip);
        expect(layout.isOpaque(bytes, 4)).toBe(false);
        expect(layout.matchesEndpoint(bytes, 4, new UdpEndpoint(address, port))).toBe(true);
      }),
    );
  });

  test('writes back what it read, for every lower half that is not opaque', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        if (layout === draft01) bytes.set([0xff, 0xfe], 11);
        fc.pre(!layout.isOpaque(bytes, 0) && layout.readPort(bytes, 0) !== 0);
        const again = bytes.slice();
        layout.writeEndpoint(
          again,
          0,
          layout.readAddress(bytes, 0),
          layout.readPort(bytes, 0),
          layout.readLanip(bytes, 0),
        );
        expect(again).toEqual(bytes);
      }),
    );
  });

  test('matches exactly one endpoint', () => {
    fc.assert(
      fc.property(
        ipv4,
        port,
        lanip,
        fc.integer({ min: 0, max: 47 }),
        (address, port, lanip, bit) => {
          const bytes = new Uint8Array(16);
          layout.writeEndpoint(bytes, 0, address, port, lanip);
          const other =
            bit < 32
              ? new UdpEndpoint((address ^ (1 << bit)) >>> 0, port)
              : new UdpEndpoint(address, port ^ (1 << (bit - 32)));
          expect(layout.matchesEndpoint(bytes, 0, other)).toBe(false);
        },
      ),
    );
  });

  test('its mask covers the very bits by which an endpoint is matched, and leaves the lanip out', () => {
    const [third, fourth] = layout.endpointMask;
    fc.assert(
      fc.property(ipv4, port, lanip, (address, udpPort, own) => {
        const written = new Uint8Array(16);
        layout.writeEndpoint(written, 0, address, udpPort, own);
        const endpoint = new UdpEndpoint(address, udpPort);
        for (let bit = 0; bit < 64; bit++) {
          const other = written.slice();
          other[8 + (bit >>> 3)]! ^= 1 << (bit & 7);
          const isEqual =
            ((readInt32(written, 8) ^ readInt32(other, 8)) & third) === 0 &&
            ((readInt32(written, 12) ^ readInt32(other, 12)) & fourth) === 0;
          expect(isEqual).toBe(layout.matchesEndpoint(other, 0, endpoint));
        }
        expect((readInt32(written, 12) & layout.maxLanip) === 0).toBe(own === 0);
      }),
    );
  });

  test('refuses values out of range by name', () => {
    const bytes = new Uint8Array(16);
    const write = (address: number, port: number, lanip: number) => () =>
      layout.writeEndpoint(bytes, 0, address, port, lanip);
    for (const address of [-1, 0x1_0000_0000, 1.5, Number.NaN]) {
      expect(fieldOf(write(address, 2, 0))).toBe('address');
    }
    for (const port of [0, -2, 0x1_0000, 2.5, Number.NaN]) {
      expect(fieldOf(write(1, port, 0))).toBe('port');
      expect(layout.acceptsPort(port)).toBe(false);
    }
    for (const lanip of [-1, layout.maxLanip + 1, 0.5, Number.NaN]) {
      expect(fieldOf(write(1, 2, lanip))).toBe('lanip');
    }
    expect(bytes).toEqual(new Uint8Array(16));
  });

  test('link-layer addresses hold the port, low byte first, then the IPv4 address', () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 0xffff }), (address, port) => {
        const bytes = new Uint8Array(10).fill(POISON);
        layout.writeLinkLayer(bytes, 2, address, port);
        expect([...bytes]).toEqual([
          POISON,
          POISON,
          port & 255,
          port >>> 8,
          address >>> 24,
          (address >>> 16) & 255,
          (address >>> 8) & 255,
          address & 255,
          POISON,
          POISON,
        ]);
        expect(layout.readLinkLayerAddress(bytes, 2)).toBe(address);
        expect(layout.readLinkLayerPort(bytes, 2)).toBe(port);
      }),
    );
  });
});

test.each([
  [draft00, 'draft00', 112, 0xffff, false],
  [draft01, 'draft01', 64, 0, true],
  [draft03, 'draft03', 114, 0x3fff, false],
])('%#: has the constants of its draft', (layout, name, prefixLength, maxLanip, evenPorts) => {
  const hasLanip = maxLanip > 0;
  expect(layout).toMatchObject({ name, prefixLength, maxLanip, hasLanip, evenPorts });
  expect(Object.isFrozen(layout)).toBe(true);
});

test.each([draft00, draft01, draft03])('$name: writes the first and the last address', (layout) => {
  for (const address of [0, 0xffff_ffff]) {
    const bytes = new Uint8Array(16);
    layout.writeEndpoint(bytes, 0, address, 2, 0);
    expect(layout.readAddress(bytes, 0)).toBe(address);
  }
});

describe('endpoints in numbers', () => {
  test('are nothing unless told', () => {
    const { address, addressBits, port } = new UdpEndpoint();
    expect([address, addressBits, port]).toEqual([0, 0, 0]);
  });
});

describe('peculiarities of layouts', () => {
  test('draft-01: an odd port is refused by writeEndpoint, and written by writeUnchecked', () => {
    const bytes = new Uint8Array(16);
    expect(fieldOf(() => draft01.writeEndpoint(bytes, 0, 0xc633_6402, 40_001, 0))).toBe('port');
    draft01.writeUnchecked(bytes, 0, 0xc633_6402, 40_001, 0);
    expect(draft01.readPort(bytes, 0)).toBe(40_001);
    expect(draft01.isOpaque(bytes, 0)).toBe(true);
    expect(draft01.matchesEndpoint(bytes, 0, new UdpEndpoint(0xc633_6402, 40_001))).toBe(false);
  });

  test('draft-01: the two bytes in the middle may be anything', () => {
    const bytes = parseIPv6('2001:db8:64:64:50f5:c6ff:fe33:6402');
    bytes.set([0x12, 0x34], 11);
    expect(draft01.matchesEndpoint(bytes, 0, new UdpEndpoint(0xc633_6402, 62_802))).toBe(true);
  });

  test('draft-03: a lower half is opaque when one of bits 70 and 71 is set', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (address) => {
        expect(draft03.isOpaque(toBytes(address), 0)).toBe(field(address, 70, 2) !== 0n);
      }),
    );
  });

  test.each([
    [draft00, 'fe80::c633:6402:f552:0'],
    [draft01, 'fe80::50f5:c6ff:fe33:6402'],
    [draft03, 'fe80::c633:6402:f552'],
  ])('the link-local address of an endpoint, %#', (layout, text) => {
    const bytes = new Uint8Array(16).fill(POISON);
    layout.writeLinkLocal(bytes, 0, 0xc633_6402, 62_802);
    expect(bytes).toEqual(parseIPv6(text));
  });

  test('draft-01: the link-layer address of the worked example', () => {
    const bytes = new Uint8Array(6);
    draft01.writeLinkLayer(bytes, 0, 0xc633_6402, 62_802);
    expect([...bytes]).toEqual([0x52, 0xf5, 0xc6, 0x33, 0x64, 0x02]);
  });
});

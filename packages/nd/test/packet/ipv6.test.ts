import { address, hex, toHex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  destinationAddress,
  findUdpHeader,
  findUpperLayer,
  flowLabel,
  hopLimit,
  InvalidArgumentError,
  type IPv6Header,
  nextHeader,
  payloadLength,
  setHopLimit,
  setTrafficClass,
  sourceAddress,
  trafficClass,
  version,
  writeIPv6Header,
} from '../../src/index.js';

const golden = hex(`
  6b854321 0102 11 40
  20010db8000000000000000000000001
  20010db8000000000000000000000002
`);

const header: Required<IPv6Header> = {
  trafficClass: 0xb8,
  flowLabel: 0x5_4321,
  payloadLength: 0x0102,
  nextHeader: 17,
  hopLimit: 64,
  source: address('2001:db8::1'),
  destination: address('2001:db8::2'),
};

describe('an IPv6 header', () => {
  test('is read field by field at any offset', () => {
    const buffer = new Uint8Array(60).fill(0xff);
    buffer.set(golden, 9);
    expect(version(buffer, 9)).toBe(6);
    expect(trafficClass(buffer, 9)).toBe(0xb8);
    expect(flowLabel(buffer, 9)).toBe(0x5_4321);
    expect(payloadLength(buffer, 9)).toBe(0x0102);
    expect(nextHeader(buffer, 9)).toBe(17);
    expect(hopLimit(buffer, 9)).toBe(64);
    expect(sourceAddress(buffer, 9)).toEqual(header.source);
    expect(destinationAddress(buffer, 9)).toEqual(header.destination);
  });

  test('is written into a dirty buffer and nowhere else', () => {
    const buffer = new Uint8Array(60).fill(0xff);
    writeIPv6Header(buffer, 9, header);
    const expected = new Uint8Array(60).fill(0xff);
    expected.set(golden, 9);
    expect(toHex(buffer)).toBe(toHex(expected));
  });

  test('has traffic class and flow label 0 by default', () => {
    const buffer = new Uint8Array(40).fill(0xff);
    const { trafficClass: _, flowLabel: __, ...rest } = header;
    writeIPv6Header(buffer, 0, rest);
    expect(toHex(buffer.subarray(0, 4))).toBe('60000000');
  });

  test('changes its hop limit in place', () => {
    const packet = golden.slice();
    setHopLimit(packet, 0, 63);
    expect(toHex(packet)).toBe(toHex(golden).replace('1140', '113f'));
  });

  test('changes its traffic class in place and keeps version and flow label', () => {
    const packet = golden.slice();
    setTrafficClass(packet, 0, 0x41);
    expect(version(packet, 0)).toBe(6);
    expect(trafficClass(packet, 0)).toBe(0x41);
    expect(flowLabel(packet, 0)).toBe(0x5_4321);
  });

  test('gives copies of addresses, even of a Buffer', () => {
    const buffer = Buffer.from(golden);
    const source = sourceAddress(buffer, 0);
    const destination = destinationAddress(buffer, 0);
    buffer.fill(0);
    expect(source).toEqual(header.source);
    expect(destination).toEqual(header.destination);
  });

  test('reads back whatever is written', () => {
    const uint8 = fc.nat(0xff);
    const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(
        fc.record({
          trafficClass: uint8,
          flowLabel: fc.nat(0xf_ffff),
          payloadLength: fc.nat(0xffff),
          nextHeader: uint8,
          hopLimit: uint8,
          source: ipv6,
          destination: ipv6,
        }),
        (header) => {
          const buffer = new Uint8Array(43).fill(0x5a);
          writeIPv6Header(buffer, 3, header);
          expect({
            trafficClass: trafficClass(buffer, 3),
            flowLabel: flowLabel(buffer, 3),
            payloadLength: payloadLength(buffer, 3),
            nextHeader: nextHeader(buffer, 3),
            hopLimit: hopLimit(buffer, 3),
            source: sourceAddress(buffer, 3),
            destination: destinationAddress(buffer, 3),
          }).toEqual(header);
          expect(version(buffer, 3)).toBe(6);
        },
      ),
    );
  });

  test.each([
    ['trafficClass', { trafficClass: 256 }],
    ['flowLabel', { flowLabel: 0x10_0000 }],
    ['payloadLength', { payloadLength: 65_536 }],
    ['nextHeader', { nextHeader: -1 }],
    ['hopLimit', { hopLimit: Number.NaN }],
    ['source', { source: new Uint8Array(4) }],
    ['destination', { destination: new Uint8Array(0) }],
  ])('is not written with a bad %s', (field, change) => {
    const write = (): void => writeIPv6Header(new Uint8Array(40), 0, { ...header, ...change });
    expect(write).toThrow(InvalidArgumentError);
    expect(write).toThrow(expect.objectContaining({ field }));
  });

  test('is not written into a buffer that is too short', () => {
    expect(() => writeIPv6Header(new Uint8Array(40), 1, header)).toThrow(
      'out: found 39 bytes of room, expected 40 bytes',
    );
    expect(() => writeIPv6Header(new Uint8Array(80), -1, header)).toThrow(InvalidArgumentError);
  });
});

/** A packet whose payload is these bytes. */
function packet(next: number, payload: string): Uint8Array {
  const bytes = hex(payload);
  const out = new Uint8Array(40 + bytes.length);
  writeIPv6Header(out, 0, { ...header, nextHeader: next, payloadLength: bytes.length });
  out.set(bytes, 40);
  return out;
}

describe('the upper-layer header', () => {
  const find = (bytes: Uint8Array): object | null => findUpperLayer(bytes, 0, bytes.length);

  test('follows the IPv6 header', () => {
    expect(find(packet(58, '8000'))).toEqual({ nextHeader: 58, offset: 40 });
  });

  test('is found behind hop-by-hop, routing and destination options', () => {
    const bytes = packet(
      0,
      '3c00000000000000 2b01000000000000 0000000000000000 1100000000000000 aabb',
    );
    expect(find(bytes)).toEqual({ nextHeader: 17, offset: 72 });
  });

  test('is found behind an authentication header, which counts in words of 32 bits', () => {
    const bytes = packet(51, '3a04000000000000 0000000000000000 0000000000000000 8000');
    expect(find(bytes)).toEqual({ nextHeader: 58, offset: 64 });
  });

  test('is found in the first fragment and not in others', () => {
    expect(find(packet(44, '1100000100000001 aabb'))).toEqual({ nextHeader: 17, offset: 48 });
    expect(find(packet(44, '1100000900000001 aabb'))).toBeNull();
  });

  test('may be absent', () => {
    expect(find(packet(59, ''))).toEqual({ nextHeader: 59, offset: 40 });
  });

  test('is not found when a header before it is cut short', () => {
    expect(find(packet(0, '3a000000000000'))).toBeNull();
    expect(find(packet(0, '3a01000000000000'))).toBeNull();
    expect(find(packet(44, '3a000000'))).toBeNull();
    expect(find(packet(51, '3a'))).toBeNull();
    expect(find(golden.subarray(0, 39))).toBeNull();
  });

  test('is not searched behind more than 8 headers', () => {
    const chain = (count: number): Uint8Array =>
      packet(60, `${'3c00000000000000'.repeat(count - 1)}3a00000000000000`);
    expect(find(chain(8))).toEqual({ nextHeader: 58, offset: 40 + 64 });
    expect(find(chain(9))).toBeNull();
  });

  test('is not searched beyond the buffer', () => {
    const bytes = packet(58, '8000');
    expect(findUpperLayer(bytes, 0, bytes.length + 1)).toBeNull();
    expect(findUpperLayer(bytes, 1, bytes.length)).toBeNull();
    expect(findUpperLayer(bytes, -1, bytes.length)).toBeNull();
  });

  test('counts its offset from the start of the buffer', () => {
    const bytes = packet(58, '8000');
    const buffer = new Uint8Array(100);
    buffer.set(bytes, 30);
    expect(findUpperLayer(buffer, 30, bytes.length)).toEqual({ nextHeader: 58, offset: 70 });
  });
});

describe('the UDP header of a packet', () => {
  const find = (bytes: Uint8Array): number => findUdpHeader(bytes, 0, bytes.length);

  test('follows the IPv6 header, or hop-by-hop and destination options', () => {
    expect(find(packet(17, '1122334455667788'))).toBe(40);
    expect(
      find(packet(0, '3c00000000000000 1101000000000000 0000000000000000 1122334455667788')),
    ).toBe(64);
  });

  test.each([
    ['another protocol', packet(6, '00'.repeat(20))],
    ['a fragment', packet(44, '1100000100000000 1122334455667788')],
    ['a routing header', packet(43, '1100000000000000 1122334455667788')],
    ['an authentication header', packet(51, '1101000000000000 00000000 1122334455667788')],
    ['a header cut short', packet(17, '11223344556677')],
    ['options that reach beyond the end', packet(0, '1105000000000000')],
    ['options cut short', packet(0, '110000')],
  ])('is not there with %s', (_name, bytes) => {
    expect(find(bytes)).toBe(-1);
  });

  test('is where the upper layer is, wherever both are found', () => {
    const header = fc.constantFrom('0000000000000000', '0001000000000000 0000000000000000');
    fc.assert(
      fc.property(fc.array(header, { maxLength: 4 }), fc.nat(20), (headers, margin) => {
        const options = headers.map((text, index) => {
          const next = index === headers.length - 1 ? '11' : '3c';
          return next + text.slice(2);
        });
        const bytes = packet(
          headers.length === 0 ? 17 : 60,
          `${options.join('')}${'00'.repeat(8)}`,
        );
        const buffer = new Uint8Array(bytes.length + 2 * margin);
        buffer.set(bytes, margin);
        expect(findUdpHeader(buffer, margin, bytes.length)).toBe(
          findUpperLayer(buffer, margin, bytes.length)?.offset,
        );
      }),
    );
  });
});

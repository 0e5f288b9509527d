import { draft01, draft03, parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { upperLayerChecksum } from '@6bed4/nd';
import { hex, toHex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adaptSource } from '../../src/packet/adaptiveSource.js';

const SOURCE = 'fc64:bed:c633:6401:c800:7105:fa0:c001';
const DESTINATION = 'fc64:bed:c633:6401:c000:209:1388:1';
const ENDPOINT = new UdpEndpoint(parseIPv4('203.0.113.77'), 55_555);
const ADAPTED = 'fc64:bed:c633:6401:c800:714d:d903:c001';

/** Upper layers, and where their checksum over the addresses is. */
const CHECKSUMS: readonly (readonly [name: string, kind: number, field: number])[] = [
  ['TCP', 6, 16],
  ['UDP', 17, 6],
  ['DCCP', 33, 6],
  ['ICMPv6', 58, 2],
  ['OSPF', 89, 12],
  ['PIM', 103, 2],
  ['Mobility', 135, 4],
  ['UDP-Lite', 136, 6],
  ['HIP', 139, 4],
];
const WITHOUT_CHECKSUM: readonly (readonly [name: string, kind: number])[] = [
  ['no next header', 59],
  ['SCTP', 132],
];

function packet(next: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length);
  bytes.set([0x62, 0, 0, 0, payload.length >>> 8, payload.length, next, 64]);
  bytes.set(parseIPv6(SOURCE), 8);
  bytes.set(parseIPv6(DESTINATION), 24);
  bytes.set(payload, 40);
  return bytes;
}

/** A message with the right checksum. */
function message(kind: number, field: number, size = 24): Uint8Array {
  const payload = Uint8Array.from({ length: size }, (_, index) => 37 * index + kind);
  const bytes = packet(kind, payload);
  const checksum = upperLayerChecksum(bytes, 0, bytes.length, kind, field);
  payload.set([checksum >>> 8, checksum & 0xff], field);
  return payload;
}

const adapt = (bytes: Uint8Array): boolean =>
  adaptSource(draft03, bytes, 0, bytes.length, ENDPOINT);
const sourceOf = (bytes: Uint8Array): string => toHex(bytes.subarray(8, 24));
const isAdapted = (bytes: Uint8Array): boolean => sourceOf(bytes) === toHex(parseIPv6(ADAPTED));

/** A fragment of a message, at an offset in bytes. */
function fragment(
  kind: number,
  whole: Uint8Array,
  start: number,
  end: number,
  before = '',
): Uint8Array {
  const field = start | (end < whole.length ? 1 : 0);
  const header = [kind, 0, field >>> 8, field & 0xff, 0, 0, 0, 9];
  const options = hex(before);
  if (options.length > 0) options[0] = 44;
  const body = Uint8Array.from([...options, ...header, ...whole.subarray(start, end)]);
  return packet(options.length > 0 ? 60 : 44, body);
}

/** Refuses to adapt, and changes nothing. */
function expectRefused(bytes: Uint8Array): void {
  const before = bytes.slice();
  expect(adapt(bytes)).toBe(false);
  expect(toHex(bytes)).toBe(toHex(before));
}

describe('an adapted source (draft-04 §7.8)', () => {
  test.each(CHECKSUMS)('keeps /64, lanip, and the checksum of %s right', (_, kind, field) => {
    const bytes = packet(kind, message(kind, field));
    expect(adapt(bytes)).toBe(true);
    expect(isAdapted(bytes)).toBe(true);
    const checksum = upperLayerChecksum(bytes, 0, bytes.length, kind, field);
    expect((bytes[40 + field]! << 8) | bytes[41 + field]!).toBe(checksum);
  });

  test.each(WITHOUT_CHECKSUM)('leaves all else alone with %s', (_, kind) => {
    const bytes = packet(
      kind,
      Uint8Array.from({ length: 24 }, (_value, index) => index),
    );
    const before = bytes.slice(24);
    expect(adapt(bytes)).toBe(true);
    expect(isAdapted(bytes)).toBe(true);
    expect(toHex(bytes.subarray(24))).toBe(toHex(before));
  });

  test('may be that of another layout, and in the middle of a buffer', () => {
    const bytes = packet(17, message(17, 6));
    const buffer = new Uint8Array(200).fill(0xaa);
    buffer.set(bytes, 50);
    expect(adaptSource(draft01, buffer, 50, bytes.length, new UdpEndpoint(0xc000_0209, 4660))).toBe(
      true,
    );
    const adapted = buffer.subarray(50, 50 + bytes.length);
    expect(draft01.readPort(adapted, 8)).toBe(4660);
    const checksum = upperLayerChecksum(adapted, 0, adapted.length, 17, 6);
    expect((adapted[46]! << 8) | adapted[47]!).toBe(checksum);
    expect(buffer.subarray(0, 50).every((byte) => byte === 0xaa)).toBe(true);
    expect(buffer.subarray(50 + bytes.length).every((byte) => byte === 0xaa)).toBe(true);
  });

  test('is written behind options and routing headers as well', () => {
    const inner = message(17, 6);
    const headers = hex('3c00000000000000 2b01000000000000 0000000000000000 1100000000000000');
    const bytes = packet(0, Uint8Array.from([...headers, ...inner]));
    expect(adapt(bytes)).toBe(true);
    const direct = packet(17, inner);
    adapt(direct);
    expect(toHex(bytes.subarray(72))).toBe(toHex(direct.subarray(40)));
  });

  test('leaves a UDP checksum of zero, which says that there is none (RFC 6935)', () => {
    const payload = message(17, 6);
    payload.set([0, 0], 6);
    const bytes = packet(17, payload);
    expect(adapt(bytes)).toBe(true);
    expect(isAdapted(bytes)).toBe(true);
    expect([bytes[46], bytes[47]]).toEqual([0, 0]);
  });

  test('never makes a checksum of UDP or UDP-Lite zero, whatever the packet', () => {
    for (const kind of [17, 136, 6]) {
      const field = kind === 6 ? 16 : 6;
      // The word that makes the sum of the adapted packet all ones.
      const target = packet(kind, message(kind, field));
      target.set(parseIPv6(ADAPTED), 8);
      target.set([0, 0, 0, 0], 40);
      const missing = upperLayerChecksum(target, 0, target.length, kind, field);
      target.set([missing >>> 8, missing & 0xff], 40);
      expect(upperLayerChecksum(target, 0, target.length, kind, field)).toBe(0);
      const bytes = target.slice();
      bytes.set(parseIPv6(SOURCE), 8);
      const checksum = upperLayerChecksum(bytes, 0, bytes.length, kind, field);
      bytes.set([checksum >>> 8, checksum & 0xff], 40 + field);
      expect(adapt(bytes)).toBe(true);
      const found = (bytes[40 + field]! << 8) | bytes[41 + field]!;
      expect(found).toBe(kind === 6 ? 0 : 0xffff);
    }
  });
});

describe('no source is adapted', () => {
  test.each([
    ['an authentication header', 51],
    ['an encrypted payload', 50],
    ['an unknown upper layer', 200],
    ['IPv6', 41],
    ['Shim6', 140],
  ])('before %s', (_, kind) => {
    const body = Uint8Array.from([6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...message(6, 16)]);
    expectRefused(packet(kind, body));
    expectRefused(fragment(kind, body, 0, 8));
    expectRefused(fragment(kind, body, 8, body.length));
  });

  test.each(CHECKSUMS)('where %s ends before its checksum', (_, kind, field) => {
    const whole = message(kind, field);
    expectRefused(packet(kind, whole.slice(0, field + 1)));
    expect(adapt(packet(kind, whole.slice(0, field + 2)))).toBe(true);
  });

  test.each([60, 44])('before the end of a header of kind %i, which may be the last', (kind) => {
    const header = hex('3b00000000000000');
    expectRefused(packet(kind, header.slice(0, 7)));
    expect(adapt(packet(kind, header))).toBe(true);
  });

  test('where headers are cut short', () => {
    expectRefused(packet(60, hex('11000000000000')));
    expectRefused(packet(60, hex('1105000000000000')));
    expectRefused(packet(44, hex('11000000000000')));
    expectRefused(packet(0, new Uint8Array(0)));
  });
});

describe('the fragments of a packet', () => {
  test.each([...CHECKSUMS, ...WITHOUT_CHECKSUM])(
    'of %s are all adapted, the first with its checksum and the others without',
    (_, kind, field = 6) => {
      const whole = message(kind, field, 72);
      const adapted = packet(kind, whole);
      adapt(adapted);
      const [first, second, last] = [
        fragment(kind, whole, 0, 32),
        fragment(kind, whole, 32, 64),
        fragment(kind, whole, 64, 72),
      ];
      for (const part of [first, second, last]) {
        expect(adapt(part)).toBe(true);
        expect(isAdapted(part)).toBe(true);
      }
      const joined = [first, second, last].map((part) => toHex(part.subarray(48))).join('');
      expect(joined).toBe(toHex(adapted.subarray(40)));
    },
  );

  test('are adapted behind options that each of them has', () => {
    const whole = message(17, 6, 48);
    const parts = [
      fragment(17, whole, 0, 24, '0000010400000000'),
      fragment(17, whole, 24, 48, '0000010400000000'),
    ];
    expect(parts.map(adapt)).toEqual([true, true]);
    const adapted = packet(17, whole);
    adapt(adapted);
    expect(parts.map((part) => toHex(part.subarray(56))).join('')).toBe(
      toHex(adapted.subarray(40)),
    );
  });

  test('are none of them adapted where options follow, which only the first has', () => {
    const whole = Uint8Array.from([...hex('1100010400000000'), ...message(17, 6, 40)]);
    expectRefused(fragment(60, whole, 0, 24));
    expectRefused(fragment(60, whole, 24, 48));
  });

  test('are adapted when it is whole, and in the second as soon as it is not the first', () => {
    const whole = message(17, 6, 48);
    const atomic = fragment(17, whole, 0, 48);
    expect(adapt(atomic)).toBe(true);
    const second = fragment(17, whole, 8, 48);
    const before = toHex(second.subarray(40));
    expect(adapt(second)).toBe(true);
    expect(toHex(second.subarray(40))).toBe(before);
  });

  test('are adapted where the first ends before its checksum, but for that one (RFC 7112)', () => {
    const whole = message(6, 16, 48);
    expectRefused(fragment(6, whole, 0, 16));
    expect(adapt(fragment(6, whole, 0, 24))).toBe(true);
  });
});

test('whatever the bytes, only source and checksum change, and nothing when refused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 6, 17, 43, 44, 51, 58, 59, 60, 132, 136),
      fc.uint8Array({ maxLength: 80, size: 'max' }),
      (next, payload) => {
        const bytes = packet(next, payload);
        const before = bytes.slice();
        const isDone = adapt(bytes);
        const changed = [...bytes.keys()].filter((at) => bytes[at] !== before[at]);
        expect(changed.filter((at) => at < 16 || (at >= 24 && at < 40))).toEqual([]);
        expect(isAdapted(bytes)).toBe(isDone);
        const behind = changed.filter((at) => at >= 40);
        expect(behind.length).toBeLessThanOrEqual(isDone ? 2 : 0);
      },
    ),
  );
});

import { toHex } from '@6bed4/testing/bytes';
import { demand, type FuzzTarget, textBytes } from '@6bed4/testing/fuzzTarget';
import {
  buildEcho,
  buildIcmpError,
  buildNd,
  buildUdp,
  findUpperLayer,
  hidesNd,
  IPV6_HEADER_LENGTH,
  icmpv6Checksum,
  isNd,
  mayCauseIcmpError,
  parseEcho,
  parseIcmpError,
  parseNd,
  parseUdp,
  upperLayerChecksum,
  verifyIcmpv6Checksum,
} from '../../src/index.js';
import { frames } from '../support/frames.js';
import { same } from '../support/same.js';

const MARGIN = 32;
const ICMPV6 = 58;
const UDP = 17;
const LENIENT = { lenientSolicitation: true } as const;

/** Makes lengths and checksums right, so that inputs get past the first checks. */
function repair(packet: Uint8Array): void {
  const { length } = packet;
  if (length < IPV6_HEADER_LENGTH + 8) return;
  const payload = length - IPV6_HEADER_LENGTH;
  packet.set([payload >> 8, payload], 4);
  packet[0] = 0x60 | (packet[0]! & 15);
  if (packet[6] === UDP) {
    packet.set([payload >> 8, payload], IPV6_HEADER_LENGTH + 4);
    const checksum = upperLayerChecksum(packet, 0, length, UDP, 6) || 0xffff;
    packet.set([checksum >> 8, checksum], IPV6_HEADER_LENGTH + 6);
  } else if (packet[6] === ICMPV6) {
    const checksum = icmpv6Checksum(packet, 0, length);
    packet.set([checksum >> 8, checksum], IPV6_HEADER_LENGTH + 2);
  }
}

/** All that is read from a packet in a buffer of other bytes. */
function readAll(packet: Uint8Array, fill: number): unknown[] {
  const around = new Uint8Array(packet.length + 2 * MARGIN).fill(fill);
  around.set(packet, MARGIN);
  const { length } = packet;
  const upper = findUpperLayer(around, MARGIN, length);
  const results = [
    isNd(around, MARGIN, length),
    hidesNd(around, MARGIN, length),
    verifyIcmpv6Checksum(around, MARGIN, length),
    mayCauseIcmpError(around, MARGIN, length),
    upper === null ? null : [upper.nextHeader, upper.offset],
    parseNd(around, MARGIN, length),
    parseNd(around, MARGIN, length, LENIENT),
    parseEcho(around, MARGIN, length),
    parseIcmpError(around, MARGIN, length),
    parseUdp(around, MARGIN, length),
  ];
  around.set(new Uint8Array(length).fill(fill), MARGIN);
  demand(
    around.every((byte) => byte === fill),
    'nothing is written',
  );
  return results;
}

function again<T>(
  result: { ok: true; value: T } | { ok: false },
  build: (value: T) => Uint8Array,
  parse: (bytes: Uint8Array) => unknown,
): void {
  if (!result.ok) return;
  const packet = build(result.value);
  demand(same(parse(packet), result), `says something else: ${toHex(packet)}`);
}

/** Packets: the header walk, and every message and option; the first byte says whether to repair them. */
export const target: FuzzTarget = {
  longest: 600,
  seeds: frames.map(({ packet }) => Uint8Array.of(1, ...packet)),
  words: [
    ...[1, 2, 3, 4, 5, 13, 14, 24, 25].map((type) => Uint8Array.of(type, 1, 0, 0, 0, 0, 0, 0)),
    ...[0, 43, 44, 51, 60, 135].map((header) => Uint8Array.of(header, 0, 0, 0, 0, 0, 0, 0)),
    Uint8Array.of(3, 4, 114, 0xc0, 255, 255, 255, 255, 255, 255, 255, 255),
    ...textBytes('\xff\x02', '\xfe\x80', '\x3a\xff', '\x60\x00\x00\x00'),
  ],
  run(input) {
    const packet = input.slice(1);
    if ((input[0] ?? 0) & 1) repair(packet);
    const results = readAll(packet, 0);
    demand(same(results, readAll(packet, 0xff)), 'nothing outside is read');
    again(parseNd(packet, 0, packet.length, LENIENT), buildNd, (bytes) =>
      parseNd(bytes, 0, bytes.length, LENIENT),
    );
    again(parseEcho(packet, 0, packet.length), buildEcho, (bytes) =>
      parseEcho(bytes, 0, bytes.length),
    );
    again(parseIcmpError(packet, 0, packet.length), buildIcmpError, (bytes) =>
      parseIcmpError(bytes, 0, bytes.length),
    );
    again(parseUdp(packet, 0, packet.length), buildUdp, (bytes) =>
      parseUdp(bytes, 0, bytes.length),
    );
  },
};

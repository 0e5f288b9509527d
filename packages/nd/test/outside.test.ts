import { hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildEcho,
  buildIcmpError,
  buildNd,
  buildUdp,
  findOptionOffset,
  findUpperLayer,
  hidesNd,
  IPV6_HEADER_LENGTH,
  isNd,
  mayCauseIcmpError,
  parseEcho,
  parseIcmpError,
  parseNd,
  parseUdp,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  verifyIcmpv6Checksum,
} from '../src/index.js';
import { OPTION_NONCE } from '../src/options/optionCodes.js';
import { fixChecksum, fixLength } from './support/oracle.js';
import { watch } from './support/watch.js';

const MARGIN = 64;
const source = hex('fe80000000000000 0000000000000001');
const destination = hex('fe80000000000000 0000000000000002');
const base = { source, destination };

const packets = {
  echo: buildEcho({
    type: 'echo-request',
    ...base,
    hopLimit: 64,
    identifier: 1,
    sequence: 2,
    data: hex('0102030405'),
  }),
  error: buildIcmpError({ type: 'packet-too-big', mtu: 1280, ...base, invoking: hex('60616263') }),
  UDP: buildUdp({ ...base, sourcePort: 1, destinationPort: 2, payload: hex('010203') }),
  advertisement: buildNd({
    ...ROUTER_ADVERTISEMENT_DEFAULTS,
    ...base,
    options: [
      { type: 'mtu', mtu: 1280 },
      { type: 'nonce', nonce: hex('0102030405060708090a0b0c0d0e') },
    ],
  }),
  // Next header, length in units of 8 bytes behind the first, and a fragment at offset 0.
  extended: hex(`
    60000000 0018 3c40 fe800000000000000000000000000001 fe800000000000000000000000000002
    2c00000000000000 3300000012345678 3a00000000000000
  `),
};

/** Everything that reads packets from the network. */
const readers = {
  isNd,
  hidesNd,
  parseNd,
  parseEcho,
  parseIcmpError,
  parseUdp,
  verifyIcmpv6Checksum,
  mayCauseIcmpError,
  findUpperLayer: (bytes: Uint8Array, offset: number, length: number) => {
    const upper = findUpperLayer(bytes, offset, length);
    return upper === null ? null : { ...upper, offset: upper.offset - offset };
  },
  findNonce: (bytes: Uint8Array, offset: number, length: number) => {
    const start = offset + IPV6_HEADER_LENGTH + 16;
    const at = findOptionOffset(bytes, start, offset + length, OPTION_NONCE);
    return at < 0 ? null : at - offset;
  },
};

/** Bytes around a packet that would make something else of it: an error, an echo, an advertisement. */
const SURROUNDINGS = [1, 128, 134];

/** A packet that ends after `length` bytes and says so, as far as it can. */
function endAfter(packet: Uint8Array, length: number): Uint8Array {
  const short = packet.slice(0, length);
  if (length >= IPV6_HEADER_LENGTH) fixLength(short);
  if (length >= IPV6_HEADER_LENGTH + 4 && short[6] === 58) fixChecksum(short);
  return short;
}

describe.each(Object.entries(packets))('around a packet: %s', (_name, packet) => {
  const cuts = Array.from({ length: packet.length + 1 }, (_, length) => endAfter(packet, length));
  const buffer = new Uint8Array(packet.length + 2 * MARGIN);

  test.each(SURROUNDINGS)('bytes of %i are not read', (around) => {
    for (const cut of cuts) {
      buffer.fill(around).set(cut, MARGIN);
      for (const [reader, read] of Object.entries(readers)) {
        const violations: string[] = [];
        read(watch(buffer, MARGIN, MARGIN + cut.length, violations), MARGIN, cut.length);
        expect(violations, `${reader}, ${cut.length} bytes`).toEqual([]);
      }
    }
  });

  test.each(SURROUNDINGS)('bytes of %i change nothing', (around) => {
    for (const cut of cuts) {
      buffer.fill(around).set(cut, MARGIN);
      for (const [reader, read] of Object.entries(readers)) {
        const expected = read(cut, 0, cut.length);
        expect(read(buffer, MARGIN, cut.length), `${reader}, ${cut.length} bytes`).toEqual(
          expected,
        );
      }
    }
  });
});

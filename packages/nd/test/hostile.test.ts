import { toHex } from '@6bed4/testing/bytes';
import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
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
  MINIMUM_MTU,
  mayCauseIcmpError,
  type NdMessage,
  type ParseResult,
  parseEcho,
  parseIcmpError,
  parseNd,
  parseUdp,
  verifyIcmpv6Checksum,
} from '../src/index.js';
import { OPTION_NONCE } from '../src/options/optionCodes.js';
import { Mutator } from './support/mutations.js';
import { same } from './support/same.js';
import { watch } from './support/watch.js';

const INPUTS = 1_000_000;
const WATCHED_INPUTS = 20_000;
const WRONG_RANGES = 200_000;
const MARGIN = 64;
/** Where `parseNd` stands in what {@link readAll} gives. */
const ND_RESULT = 8;
const LENIENT = { lenientSolicitation: true } as const;
const TO_MULTICAST = { toMulticast: true } as const;

/** Everything that reads bytes from the network, one after the other, and what they say. */
function readAll(bytes: Uint8Array, offset: number, length: number, lenient: boolean): unknown[] {
  const upper = findUpperLayer(bytes, offset, length);
  const end = Math.min(offset + length, bytes.length);
  const nonce = findOptionOffset(bytes, offset + IPV6_HEADER_LENGTH + 16, end, OPTION_NONCE);
  return [
    isNd(bytes, offset, length),
    hidesNd(bytes, offset, length),
    verifyIcmpv6Checksum(bytes, offset, length),
    mayCauseIcmpError(bytes, offset, length),
    mayCauseIcmpError(bytes, offset, length, TO_MULTICAST),
    upper?.nextHeader,
    upper === null ? null : upper.offset - offset,
    nonce < 0 ? nonce : nonce - offset,
    parseNd(bytes, offset, length, lenient ? LENIENT : undefined),
    parseEcho(bytes, offset, length),
    parseIcmpError(bytes, offset, length),
    parseUdp(bytes, offset, length),
  ];
}

describe('no bytes from the network', () => {
  test(`throw, or are read beyond their end: ${INPUTS} inputs amid two kinds of poison`, () => {
    const mutator = new Mutator(new Random(0x6bed4));
    const zeros = new Uint8Array(mutator.bytes.length + 2 * MARGIN);
    const ones = zeros.slice().fill(0xff);
    const seen = new Map<string, number>();
    for (let input = 0; input < INPUTS; input++) {
      mutator.next();
      const { bytes, length } = mutator;
      const offset = input % MARGIN;
      const lenient = input % 3 === 0;
      for (let at = 0; at < length; at++) {
        zeros[offset + at] = bytes[at]!;
        ones[offset + at] = bytes[at]!;
      }
      const results = readAll(zeros, offset, length, lenient);
      if (!same(results, readAll(ones, offset, length, lenient))) {
        throw new Error(`depends on what is around it: ${toHex(bytes.subarray(0, length))}`);
      }
      zeros.fill(0, offset, offset + length);
      ones.fill(0xff, offset, offset + length);
      const parsed = results[ND_RESULT] as ParseResult<NdMessage>;
      const what = parsed.ok ? parsed.value.type : parsed.error.code;
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    expect(zeros.every((byte) => byte === 0)).toBe(true);
    expect(ones.every((byte) => byte === 0xff)).toBe(true);
    // Else the inputs are too good or too bad to be of use.
    for (const type of [
      'router-solicitation',
      'router-advertisement',
      'neighbor-solicitation',
      'neighbor-advertisement',
      'redirect',
      'bad-ipv6-header',
      'other-message',
      'bad-hop-limit',
      'too-short',
      'bad-checksum',
      'bad-code',
      'bad-option-length',
      'bad-source',
      'bad-destination',
      'bad-target',
      'bad-flags',
      'forbidden-option',
    ]) {
      expect([type, (seen.get(type) ?? 0) > 200]).toEqual([type, true]);
    }
  }, 120_000);

  test(`are read outside the packet, or written: ${WATCHED_INPUTS} inputs under watch`, () => {
    const mutator = new Mutator(new Random(4861));
    const buffer = new Uint8Array(mutator.bytes.length + 2 * MARGIN);
    for (let input = 0; input < WATCHED_INPUTS; input++) {
      mutator.next();
      const { bytes, length } = mutator;
      buffer.set(bytes, MARGIN);
      const violations: string[] = [];
      readAll(watch(buffer, MARGIN, MARGIN + length, violations), MARGIN, length, true);
      if (violations.length > 0) {
        throw new Error(`${violations.join()}: ${toHex(bytes.subarray(0, length))}`);
      }
    }
  }, 60_000);

  test(`throw when offset or length are wrong: ${WRONG_RANGES} ranges`, () => {
    const random = new Random(8200);
    const mutator = new Mutator(random);
    for (let range = 0; range < WRONG_RANGES; range++) {
      mutator.next();
      const packet = mutator.bytes.subarray(0, mutator.length);
      const offset = random.below(4) > 0 ? 0 : random.below(1000) - 500;
      const length = random.below(4) > 0 ? mutator.length + random.below(100) : random.next();
      readAll(packet, offset, length, true);
      const inside = offset >= 0 && offset + length <= packet.length;
      const accepted =
        isNd(packet, offset, length) ||
        hidesNd(packet, offset, length) ||
        parseNd(packet, offset, length).ok ||
        parseEcho(packet, offset, length).ok ||
        parseIcmpError(packet, offset, length).ok ||
        parseUdp(packet, offset, length).ok ||
        verifyIcmpv6Checksum(packet, offset, length) ||
        mayCauseIcmpError(packet, offset, length) ||
        findUpperLayer(packet, offset, length) !== null;
      if (accepted && !inside) throw new Error(`offset ${offset}, length ${length}: accepted`);
    }
  }, 60_000);

  test('make a message that cannot be built again, or differs after that', () => {
    const mutator = new Mutator(new Random(4443));
    const again = <T>(
      value: T,
      build: (value: T) => Uint8Array,
      parse: (bytes: Uint8Array, offset: number, length: number) => unknown,
    ): void => {
      const packet = build(value);
      if (!same(parse(packet, 0, packet.length), { ok: true, value })) {
        throw new Error(`says something else: ${toHex(packet)}`);
      }
    };
    const parseLenient = (bytes: Uint8Array, offset: number, length: number): unknown =>
      parseNd(bytes, offset, length, LENIENT);
    for (let input = 0; input < 100_000; input++) {
      mutator.next();
      const { bytes, length } = mutator;
      const nd = parseNd(bytes, 0, length, LENIENT);
      if (nd.ok) again<NdMessage>(nd.value, buildNd, parseLenient);
      const echo = parseEcho(bytes, 0, length);
      if (echo.ok) again(echo.value, buildEcho, parseEcho);
      const error = parseIcmpError(bytes, 0, length);
      if (error.ok) again(error.value, buildIcmpError, parseIcmpError);
      const udp = parseUdp(bytes, 0, length);
      if (udp.ok) again(udp.value, buildUdp, parseUdp);
    }
  }, 60_000);

  test('throw, of any length or kind that fast-check finds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), fc.nat(10), (bytes, offset) => {
        const buffer = new Uint8Array(bytes.length + 20).fill(0x3a);
        buffer.set(bytes, offset);
        readAll(buffer, offset, bytes.length, true);
      }),
      { numRuns: 2000 },
    );
  });

  test('throw because they are too many', () => {
    for (const length of [MINIMUM_MTU, 65_535, 65_575, 65_576, 1_000_000]) {
      const packet = new Uint8Array(length);
      packet.set([0x60, 0, 0, 0, (length - 40) >> 8, length - 40, 58, 255]);
      packet[40] = 134;
      readAll(packet, 0, length, true);
    }
  });
});

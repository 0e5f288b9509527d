import { draft00Profile, draft01Profile, draft04Profile, parseIPv4 } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Router } from '../../src/index.js';
import { buildStaticNack } from '../../src/packet/rohc.js';
import { OWN_ENDPOINT, PeeringBench, ROUTER } from '../support/peerBench.js';
import { Recorder } from '../support/recorder.js';
import { RoutedPeerBench } from '../support/routedPeerBench.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const nack = (...bytes: number[]): number[] | null => {
  const found = buildStaticNack(Uint8Array.from(bytes), 0, bytes.length);
  return found === null ? null : [...found];
};

describe('a STATIC-NACK (draft-03 §10.2)', () => {
  const padding = [0xe0, 0xe0];
  test.each([
    ['a context in short form', [0xe7, 0xfd, 0x07, 0xaa], [0xf4, 0x07, 0x90, 0x00, 0x30]],
    ['a context in long form, one byte', [0xfc, 0x23, 0x01], [0xf4, 0x23, 0x90, 0x00, 0x30]],
    [
      'a context in long form, two bytes',
      [0xfc, 0x92, 0x34, 0x01],
      [0xf5, 0x92, 0x34, 0x90, 0x00, 0x30],
    ],
    ['padding before it', [...padding, 0xe7, 0xfd, 0x00], [0xf4, 0x07, 0x90, 0x00, 0x30]],
  ])('is built as RFC 3095 §5.7.6 has it for %s', (_, frame, answer) => {
    expect(nack(...frame)).toEqual(answer);
  });

  test.each([
    ['a context in short form', [0xe1, 0xfd, 0x01, 0x55], [0xf4, 0x01, 0x90, 0x00, 0x5b]],
    ['a context in long form, one byte', [0xfd, 0x01, 0x01], [0xf4, 0x01, 0x90, 0x00, 0x5b]],
  ])('has a CRC as its third octet in RoHCv2 and RoHC-TCP, for %s', (_, frame, answer) => {
    expect(nack(...frame)).toEqual(answer);
  });

  test('has that CRC over both bytes of a long context (RFC 5225 §6.9.1)', () => {
    const answer = nack(0xfd, 0x92, 0x34, 0x06)!;
    expect(answer.slice(0, 5)).toEqual([0xf5, 0x92, 0x34, 0x90, 0x00]);
    // A CRC that starts with all ones, bit by bit, lowest first: the remainder of what is divided.
    const bits = [0x92, 0x34, 0x90, 0x00, 0x00].flatMap((byte) =>
      Array.from({ length: 8 }, (_, bit) => (byte >>> bit) & 1),
    );
    const register = Array.from({ length: 8 }, () => 1);
    for (const bit of bits) {
      const out = bit ^ register.pop()!;
      register.unshift(out);
      register[1]! ^= out;
      register[2]! ^= out;
    }
    expect(answer[5]).toBe(register.reduce((sum, bit, index) => sum | (bit << (7 - index)), 0));
  });

  test('has it for the profiles that draft-03 §9 advises alone, and with their IR packets alone', () => {
    for (let profile = 0; profile < 256; profile++) {
      const isAdvised = [1, 2, 3, 4, 6].includes(profile);
      expect(nack(0xfd, 0x01, profile)![4]).toBe(isAdvised ? 0x5b : 0x30);
      expect(nack(0xfc, 0x01, profile)![4]).toBe(0x30);
    }
  });

  test.each([
    ['feedback', [0xf4, 0x07, 0x90, 0x00, 0x30]],
    ['IR-DYN', [0xe7, 0xf8, 0x01]],
    ['a segment', [0xfe, 0x01, 0x02]],
    ['padding alone', [0xe0, 0xe0]],
    ['an IR packet without a profile', [0xe7, 0xfd]],
    ['an IR packet without a context', [0xfd]],
    ['a context cut short', [0xfd, 0x92]],
    ['a context of more than 14 bits', [0xfd, 0xc2, 0x34, 0x01]],
  ])('is not built for %s', (_, frame) => {
    expect(nack(...frame)).toBeNull();
  });
});

/** An IR packet for context 7. */
const ir = Uint8Array.from([0xe7, 0xfd, 0x01, ...new Array<number>(45).fill(0x5a)]);

describe('a peer', () => {
  test('answers an IR packet that came directly, in fewer bytes, and counts it', () => {
    const bench = new PeeringBench();
    bench.arrives(REMOTE_ENDPOINT, ir);
    expect(bench.take()).toMatchObject([
      { to: REMOTE_ENDPOINT, payload: Uint8Array.of(...nack(...ir)!) },
    ]);
    expect(bench.peer.counters.snapshot().drops).toEqual({ rohc: 1 });
  });

  test.each([draft00Profile, draft01Profile, draft04Profile])(
    'of $name knows no compressed headers (draft-03 §9 does)',
    (profile) => {
      const bench = new RoutedPeerBench({ profile });
      bench.peer.start(bench.now);
      expect(bench.datagram(REMOTE_ENDPOINT, ir).sent).toEqual([]);
      expect(bench.drops).toEqual({ 'not-ipv6': 1 });
    },
  );

  test('sends the local side no compressed headers', () => {
    const bench = new PeeringBench();
    bench.sends(ir);
    bench.sends(ir.subarray(0, 39));
    expect(bench.take()).toEqual([]);
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'not-ipv6': 1, 'too-short': 1 });
  });

  test('does not answer its router, itself, or impossible endpoints', () => {
    const bench = new PeeringBench();
    for (const from of [ROUTER, '127.0.0.1:5000', '224.0.0.1:5000', OWN_ENDPOINT]) {
      bench.arrives(from, ir);
    }
    expect(bench.take()).toEqual([]);
  });

  test('answers few of them, however many come', () => {
    const bench = new PeeringBench();
    for (let count = 0; count < 1_000; count++) bench.arrives(REMOTE_ENDPOINT, ir);
    expect(bench.take().length).toBeLessThanOrEqual(5);
  });
});

test('a router drops all of it without an answer (draft-03 §9)', () => {
  const recorder = new Recorder();
  const router = new Router({ address: '198.51.100.1', random: seededRandom(3) }, recorder);
  router.handleDatagram(ir.slice(), 0, ir.length, parseIPv4('192.0.2.9'), 5000, 1_000);
  expect(recorder.sent).toEqual([]);
  expect(router.counters.snapshot().drops).toEqual({ rohc: 1 });
});

import {
  encodeAddress,
  formatIPv4,
  isIPv4Loopback,
  isIPv4Private,
  parseIPv4,
  parseIPv6,
} from '@6bed4/codec';
import { buildNd } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Machine, Peer, Router } from '../src/index.js';
import { ping } from './support/packets.js';
import { Recorder } from './support/recorder.js';

const ROUTER_PORT = 25790;
const ROUTER_ADDRESS = '198.51.100.1';
const PREFIX = 'fc64:bed:c633:6401::/64';
const RUNS = 20_000;
/** Bytes of IPv4 and UDP headers. */
const OUTER_HEADERS = 28;

/** Endpoints near the interesting borders, and any other. */
const endpoint = fc.record({
  address: fc.oneof(
    fc.constantFrom(
      ...['0.0.0.0', '10.0.0.1', '127.0.0.1', '192.168.1.1', '224.0.0.1', '255.255.255.255'].map(
        (text) => parseIPv4(text),
      ),
      ...[ROUTER_ADDRESS, '203.0.113.5', '203.0.113.9'].map((text) => parseIPv4(text)),
    ),
    fc.integer({ min: 0, max: 0xffff_ffff }),
  ),
  port: fc.oneof(
    fc.constantFrom(0, 1, ROUTER_PORT, 4000, 65535),
    fc.integer({ min: 0, max: 65535 }),
  ),
});

const anyAddress = fc.oneof(
  endpoint.map(({ address, port }) => {
    const bytes = parseIPv6('fc64:bed:c633:6401::1');
    bytes[8] = (address >>> 24) & 0xfc;
    bytes[9] = address >>> 16;
    bytes[10] = address >>> 8;
    bytes[11] = address;
    bytes[12] = port >>> 8;
    bytes[13] = port;
    bytes[14] = (address >>> 24) << 6;
    return bytes;
  }),
  fc.constantFrom(
    ...['::', '::1', 'fe80::', 'ff02::1', 'ff02::2', '2001:db8::1', 'fc64:bed:c633:64fe::1'].map(
      (text) => parseIPv6(text),
    ),
  ),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

/** Frames from plain noise to well-formed packets with hostile addresses. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 1400, size: 'max' }),
  fc
    .tuple(
      fc.constantFrom(6, 17, 58, 59, 0, 44),
      fc.integer({ min: 0, max: 255 }),
      anyAddress,
      anyAddress,
      fc.uint8Array({ maxLength: 100, size: 'max' }),
    )
    .map(([nextHeader, hops, source, destination, payload]) => {
      const bytes = new Uint8Array(40 + payload.length);
      bytes[0] = 0x60;
      bytes[4] = payload.length >>> 8;
      bytes[5] = payload.length;
      bytes[6] = nextHeader;
      bytes[7] = hops;
      bytes.set(source, 8);
      bytes.set(destination, 24);
      bytes.set(payload, 40);
      return bytes;
    }),
  fc.tuple(anyAddress, anyAddress).map(([source, target]) =>
    buildNd({
      type: 'neighbor-solicitation',
      source: source[0] === 0xff ? parseIPv6('fe80::1') : source,
      destination: target[0] === 0xff ? parseIPv6('fe80::') : target,
      target: target[0] === 0xff ? parseIPv6('fe80::') : target,
      options: [],
    }),
  ),
);

/** Feeds a copy of the frame from inside a larger buffer full of poison. */
function feed(
  machine: Machine,
  bytes: Uint8Array,
  address: number,
  port: number,
  now: number,
): void {
  const around = new Uint8Array(bytes.length + 64).fill(0xa5);
  around.set(bytes, 32);
  machine.handleDatagram(around, 32, bytes.length, address, port, now);
  expect(around.subarray(0, 32).every((byte) => byte === 0xa5)).toBe(true);
  expect(around.subarray(32 + bytes.length).every((byte) => byte === 0xa5)).toBe(true);
}

describe('hostile input', () => {
  test('never makes a public router throw, nor send to an endpoint that nobody can be at', () => {
    const recorder = new Recorder();
    const router = new Router({ address: ROUTER_ADDRESS, random: seededRandom(4) }, recorder);
    let now = 0;
    fc.assert(
      fc.property(frame, endpoint, (bytes, from) => {
        recorder.clear();
        feed(router, bytes, from.address, from.port, now++);
        for (const datagram of recorder.sent) {
          const [text, port] = datagram.to.split(':') as [string, string];
          const address = parseIPv4(text);
          const first = address >>> 24;
          expect(isIPv4Loopback(address) || first === 0 || first >= 224).toBe(false);
          // Private space is answered, never relayed to (draft-03 §10.1).
          const isAnswer = address === from.address && Number(port) === from.port;
          expect(isIPv4Private(address) && !isAnswer).toBe(false);
          expect(port).not.toBe('0');
          expect(datagram.to).not.toBe(`${ROUTER_ADDRESS}:${ROUTER_PORT}`);
          expect(datagram.payload.length).toBeLessThanOrEqual(1280);
        }
        expect(recorder.sent.length + recorder.delivered.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

  test('is relayed by a router only when its source encodes the endpoint that it came from', () => {
    const recorder = new Recorder();
    const router = new Router({ address: ROUTER_ADDRESS, random: seededRandom(4) }, recorder);
    let now = 0;
    fc.assert(
      fc.property(anyAddress, anyAddress, endpoint, (source, destination, from) => {
        fc.pre(from.port !== 0);
        recorder.clear();
        const packet = ping('2001:db8::1', '2001:db8::2');
        packet.set(source, 8);
        packet.set(destination, 24);
        feed(router, packet, from.address, from.port, now++);
        const relayed = recorder.sent.filter(
          (datagram) => datagram.to !== `${formatIPv4(from.address)}:${from.port}`,
        );
        if (relayed.length + recorder.delivered.length === 0) return;
        const peer = { address: formatIPv4(from.address), port: from.port };
        const lanip = ((source[14]! & 0x3f) << 8) | source[15]!;
        const encoded = parseIPv6(encodeAddress({ prefix: PREFIX, peer, lanip }));
        expect(source).toEqual(encoded);
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });

  test('never makes a peer throw, deliver what is not for it, or change its address', () => {
    const recorder = new Recorder();
    const peer = new Peer({ routers: [ROUTER_ADDRESS], random: seededRandom(5) }, recorder);
    const router = new Router({ address: ROUTER_ADDRESS, random: seededRandom(6) }, new Recorder());
    peer.start(0);
    const answers = new Recorder();
    const helper = new Router({ address: ROUTER_ADDRESS, random: seededRandom(6) }, answers);
    const solicitation = recorder.sent[0]!.payload;
    helper.handleDatagram(solicitation, 0, solicitation.length, parseIPv4('203.0.113.5'), 4000, 0);
    const answer = answers.sent[0]!.payload;
    peer.handleDatagram(answer, 0, answer.length, parseIPv4(ROUTER_ADDRESS), ROUTER_PORT, 0);
    const { address } = peer.uplinks[0]!.lease!;
    expect(router.address).not.toBe(address);
    let now = 1;
    let received = 0;
    let sent = 0;
    fc.assert(
      fc.property(frame, endpoint, (bytes, from) => {
        recorder.clear();
        feed(peer, bytes, from.address, from.port, now++);
        for (const packet of recorder.delivered) {
          expect(packet.slice(24, 38)).toEqual(parseIPv6(address).slice(0, 14));
        }
        const isRouter = from.address === parseIPv4(ROUTER_ADDRESS) && from.port === ROUTER_PORT;
        if (!isRouter) {
          // Nothing but answers, and never more bytes of them than what came.
          received += bytes.length + OUTER_HEADERS;
          for (const datagram of recorder.sent) {
            expect(datagram.to).toBe(`${formatIPv4(from.address)}:${from.port}`);
            sent += datagram.payload.length + OUTER_HEADERS;
          }
          expect(sent).toBeLessThanOrEqual(received);
        }
        expect(recorder.events).toEqual([]);
      }),
      { numRuns: RUNS, seed: 3 },
    );
    expect(peer.uplinks[0]!.lease!.address).toBe(address);
  });

  test('of the local side makes neither peer nor router throw', () => {
    const recorder = new Recorder();
    const peer = new Peer({ routers: [ROUTER_ADDRESS], random: seededRandom(5) }, recorder);
    const router = new Router({ address: ROUTER_ADDRESS, random: seededRandom(6) }, recorder);
    peer.start(0);
    fc.assert(
      fc.property(frame, (bytes) => {
        recorder.clear();
        peer.handlePacket(bytes.slice(), 0, bytes.length, 1);
        expect(recorder.sent).toEqual([]); // it has no address yet
        router.handlePacket(bytes.slice(), 0, bytes.length, 1);
      }),
      { numRuns: RUNS, seed: 4 },
    );
  });
});

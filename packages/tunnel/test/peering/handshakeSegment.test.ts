import { describe, expect, test } from 'vitest';
import {
  ExpectedReply,
  isExpectedReply,
  readHandshakeSegment,
} from '../../src/peering/handshakeSegment.js';
import {
  ACK,
  COOKIE_ACK,
  COOKIE_ECHO,
  FIN,
  INIT,
  INIT_ACK,
  RST,
  SYN,
  sctp,
  tcp,
} from '../support/handshakes.js';
import { OWN, remoteAt } from '../support/peerBench.js';

const REMOTE = remoteAt('192.0.2.9:5000');
const NEXT_HEADER = 6;
const IPV6_HEADER = 40;
const UDP = 17;
/** Bytes before a packet in its buffer, none of which is looked at. */
const BEFORE = 64;

/** The same packet further on in a buffer that holds other bytes around it. */
function placed(packet: Uint8Array): { bytes: Uint8Array; offset: number; length: number } {
  const bytes = new Uint8Array(BEFORE + packet.length + 64).fill(0xa5);
  bytes.set(packet, BEFORE);
  return { bytes, offset: BEFORE, length: packet.length };
}

function read(packet: Uint8Array, length = packet.length) {
  const { bytes, offset } = placed(packet);
  return readHandshakeSegment(bytes, offset, length);
}

function isReply(expected: number, number: number, packet: Uint8Array, length = packet.length) {
  const { bytes, offset } = placed(packet);
  return isExpectedReply(expected, number, bytes, offset, length);
}

/** A packet whose payload length is that of a part of it, as one that was cut off on purpose has it. */
function cut(packet: Uint8Array, length: number): Uint8Array {
  const part = packet.slice(0, length);
  new DataView(part.buffer).setUint16(4, length - IPV6_HEADER);
  return part;
}

/** The same with one byte changed. */
function changed(packet: Uint8Array, at: number): Uint8Array {
  const copy = packet.slice();
  copy[at]! ^= 0x40;
  return copy;
}

const syn = tcp(OWN, REMOTE, { flags: SYN, sequence: 0xffff_ffff });
const init = sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: 0x8000_0001 });
const initAck = sctp(OWN, REMOTE, { chunk: INIT_ACK, tag: 5, own: 77 });
const cookieEcho = sctp(OWN, REMOTE, { chunk: COOKIE_ECHO, tag: 6 });
const cookieAck = sctp(OWN, REMOTE, { chunk: COOKIE_ACK, tag: 7 });
const ack = tcp(REMOTE, OWN, { flags: ACK, sequence: 3, acknowledges: 0x9000_0000 });

const TCP_END = IPV6_HEADER + 20;
const SCTP_CHUNK_END = IPV6_HEADER + 12 + 4;
const SCTP_INITIATE_END = IPV6_HEADER + 12 + 8;

describe('a packet of a handshake', () => {
  test.each([
    ['SYN', syn, { expectedReply: ExpectedReply.ack, expectedNumber: 0 }],
    ['INIT', init, { expectedReply: ExpectedReply.initAck, expectedNumber: 0x8000_0001 }],
    ['INIT ACK', initAck, { expectedReply: ExpectedReply.cookieEcho, expectedNumber: 77 }],
    ['COOKIE ECHO', cookieEcho, { expectedReply: ExpectedReply.cookieAck, expectedNumber: -1 }],
  ])('%s calls for its reply, with the number that only its receiver knows', (_, packet, reply) => {
    expect(read(packet)).toMatchObject(reply);
  });

  test.each([
    ['ACK', ack],
    ['COOKIE ACK', cookieAck],
    ['SYN with FIN', tcp(OWN, REMOTE, { flags: SYN | FIN, sequence: 1 })],
    ['SYN with RST', tcp(OWN, REMOTE, { flags: SYN | RST, sequence: 1 })],
    ['data of SCTP', sctp(OWN, REMOTE, { chunk: 0, tag: 7 })],
  ])('is not %s', (_, packet) => {
    expect(read(packet)).toBeNull();
  });

  test.each([
    ['SYN', syn],
    ['INIT', init],
    ['COOKIE ECHO', cookieEcho],
  ])('is none of another protocol with the bytes of %s', (_, packet) => {
    const other = packet.slice();
    other[NEXT_HEADER] = UDP;
    expect(read(other)).toBeNull();
  });

  test.each([
    ['SYN', syn, TCP_END],
    ['INIT', init, SCTP_INITIATE_END],
    ['INIT ACK', initAck, SCTP_INITIATE_END],
    ['COOKIE ECHO', cookieEcho, SCTP_CHUNK_END],
  ])('%s is whole up to its last field', (_, packet, end) => {
    expect(read(cut(packet, end))).not.toBeNull();
    for (let length = IPV6_HEADER; length < end; length++) {
      expect(read(cut(packet, length)), `${length} bytes`).toBeNull();
    }
  });

  test('is the same as its retransmission', () => {
    for (const packet of [syn, init, initAck, cookieEcho]) {
      const again = packet.slice();
      // Hop limit and flow label may differ.
      again[7] = 3;
      again[3]! ^= 1;
      expect(read(again)!.dedupKey).toBe(read(packet)!.dedupKey);
    }
  });

  test.each([
    ['source', syn, 8],
    ['end of the source', syn, 23],
    ['destination', syn, 24],
    ['end of the destination', syn, 39],
    ['port', syn, IPV6_HEADER],
    ['other port', syn, IPV6_HEADER + 3],
    ['sequence number', syn, IPV6_HEADER + 7],
    ['initiate tag', init, IPV6_HEADER + 12 + 7],
    ['initiate tag', initAck, IPV6_HEADER + 12 + 4],
    ['verification tag', cookieEcho, IPV6_HEADER + 4],
  ])('is not the same with another %s', (_, packet, at) => {
    expect(read(changed(packet, at))!.dedupKey).not.toBe(read(packet)!.dedupKey);
  });

  test('has a key of 32 bits that differs between the chunks of one association', () => {
    const tag = 1_000;
    const keys = [
      sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: tag }),
      sctp(OWN, REMOTE, { chunk: INIT_ACK, tag: 0, own: tag }),
      sctp(OWN, REMOTE, { chunk: COOKIE_ECHO, tag }),
    ].map((packet) => read(packet)!.dedupKey);
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) expect(key).toBe(key >>> 0);
  });
});

describe('the reply to a packet of a handshake', () => {
  const replies = [
    ['ACK', ExpectedReply.ack, 0x9000_0000, ack, TCP_END],
    ['INIT ACK', ExpectedReply.initAck, 5, initAck, SCTP_CHUNK_END],
    ['COOKIE ECHO', ExpectedReply.cookieEcho, 6, cookieEcho, SCTP_CHUNK_END],
    ['COOKIE ACK', ExpectedReply.cookieAck, 7, cookieAck, SCTP_CHUNK_END],
  ] as const;

  test.each(replies)('is %s with the number that was sent', (_, expected, number, packet) => {
    expect(isReply(expected, number, packet)).toBe(true);
    expect(isReply(expected, number + 1, packet)).toBe(false);
  });

  test.each(replies)('is no other packet where it is %s', (_, expected, number, packet) => {
    for (const [, , , other] of replies) {
      if (other === packet) continue;
      const renumbered = other.slice();
      // All have the wanted number where the reply would have it.
      for (const at of [IPV6_HEADER + 4, IPV6_HEADER + 8]) {
        new DataView(renumbered.buffer).setUint32(at, number);
      }
      expect(isReply(expected, number, renumbered)).toBe(false);
    }
  });

  test.each(replies)('is none of another protocol with the bytes of %s', (...row) => {
    const [, expected, number, packet] = row;
    const other = packet.slice();
    other[NEXT_HEADER] = UDP;
    expect(isReply(expected, number, other)).toBe(false);
  });

  test.each(replies)('%s is whole up to its last field', (_, expected, number, packet, end) => {
    expect(isReply(expected, number, cut(packet, end))).toBe(true);
    for (let length = IPV6_HEADER; length < end; length++) {
      expect(isReply(expected, number, cut(packet, length)), `${length} bytes`).toBe(false);
    }
  });

  test('is no ACK without the flag', () => {
    const plain = tcp(REMOTE, OWN, { flags: SYN, sequence: 3, acknowledges: 1001 });
    expect(isReply(ExpectedReply.ack, 1001, plain)).toBe(false);
  });
});

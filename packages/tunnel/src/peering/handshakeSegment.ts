import { hashBytes, readUint32 } from '@6bed4/codec';
import { DESTINATION_OFFSET, findUpperLayer, SOURCE_OFFSET } from '@6bed4/nd';

/*
 * TCP (RFC 9293 §3.1):                       SCTP (RFC 9260 §3):
 *
 *   0   source port | destination port        0   source port | destination port
 *   4   sequence number                       4   verification tag
 *   8   acknowledgment number                 8   checksum
 *   12  offset, reserved | flags | window     12  chunk type | flags | length
 *                                             16  initiate tag, in INIT and INIT ACK
 */
const TCP = 6;
const SCTP = 132;
const TCP_SEQUENCE = 4;
const TCP_ACKNOWLEDGMENT = 8;
const TCP_FLAGS = 13;
const TCP_HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const SCTP_TAG = 4;
const SCTP_CHUNK = 12;
const SCTP_INITIATE_TAG = 16;
const SCTP_COMMON_HEADER = 12;
const INIT = 1;
const INIT_ACK = 2;
const COOKIE_ECHO = 10;
const COOKIE_ACK = 11;

/** The reply that a packet of a handshake calls for. */
export const ExpectedReply = { none: 0, ack: 1, initAck: 2, cookieEcho: 3, cookieAck: 4 } as const;

/** A handshake packet of TCP or SCTP, and the reply that would acknowledge it. */
export interface HandshakeSegment {
  /** One of {@link ExpectedReply}. */
  readonly expectedReply: number;
  /** Tells the packet from any other but its own retransmission; 32 bits. */
  readonly dedupKey: number;
  /** Number in the reply that only its receiver can know, or -1 where that of the last one holds. */
  readonly expectedNumber: number;
}

/** Reads a packet of a handshake; null for all other packets. */
export function readHandshakeSegment(
  bytes: Uint8Array,
  offset: number,
  length: number,
): HandshakeSegment | null {
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return null;
  const { offset: at, nextHeader } = upper;
  const end = offset + length;
  if (nextHeader === TCP && at + TCP_HEADER <= end) {
    const flags = bytes[at + TCP_FLAGS]!;
    if ((flags & (SYN | RST | FIN)) !== SYN) return null;
    const sequence = readUint32(bytes, at + TCP_SEQUENCE);
    return {
      expectedReply: ExpectedReply.ack,
      dedupKey: dedupKey(bytes, offset, at, sequence),
      expectedNumber: (sequence + 1) >>> 0,
    };
  }
  if (nextHeader !== SCTP || at + SCTP_COMMON_HEADER + 4 > end) return null;
  const tag = readUint32(bytes, at + SCTP_TAG);
  const chunk = bytes[at + SCTP_CHUNK]!;
  if (chunk === COOKIE_ECHO) {
    return {
      expectedReply: ExpectedReply.cookieAck,
      dedupKey: dedupKey(bytes, offset, at, tag + chunk),
      expectedNumber: -1,
    };
  }
  if ((chunk !== INIT && chunk !== INIT_ACK) || at + SCTP_INITIATE_TAG + 4 > end) return null;
  const own = readUint32(bytes, at + SCTP_INITIATE_TAG);
  return {
    expectedReply: chunk === INIT ? ExpectedReply.initAck : ExpectedReply.cookieEcho,
    dedupKey: dedupKey(bytes, offset, at, own + chunk),
    expectedNumber: own,
  };
}

/** Whether a packet is the expected reply, with the expected number. */
export function isExpectedReply(
  expectedReply: number,
  expectedNumber: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return false;
  const { offset: at, nextHeader } = upper;
  const end = offset + length;
  if (expectedReply === ExpectedReply.ack) {
    return (
      nextHeader === TCP &&
      at + TCP_HEADER <= end &&
      (bytes[at + TCP_FLAGS]! & ACK) !== 0 &&
      readUint32(bytes, at + TCP_ACKNOWLEDGMENT) === expectedNumber
    );
  }
  if (nextHeader !== SCTP || at + SCTP_COMMON_HEADER + 4 > end) return false;
  if (readUint32(bytes, at + SCTP_TAG) !== expectedNumber) return false;
  const chunk = bytes[at + SCTP_CHUNK]!;
  if (expectedReply === ExpectedReply.initAck) return chunk === INIT_ACK;
  return expectedReply === ExpectedReply.cookieEcho ? chunk === COOKIE_ECHO : chunk === COOKIE_ACK;
}

/** Folds addresses, ports and a number of the packet into 32 bits. */
function dedupKey(bytes: Uint8Array, offset: number, ports: number, value: number): number {
  const seed = value ^ readUint32(bytes, ports);
  return hashBytes(bytes, offset + SOURCE_OFFSET, offset + DESTINATION_OFFSET + 16, seed) >>> 0;
}

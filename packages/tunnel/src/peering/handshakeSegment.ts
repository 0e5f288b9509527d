import { hashBytes, readUint32 } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  findUpperLayer,
  NEXT_HEADER_SCTP,
  NEXT_HEADER_TCP,
  SCTP_CHUNK_OFFSET,
  SCTP_HEADER_LENGTH,
  SCTP_INITIATE_TAG_OFFSET,
  SCTP_VERIFICATION_TAG_OFFSET,
  SOURCE_OFFSET,
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
} from '@6bed4/nd';

/** Chunk types of the SCTP handshake (RFC 9260 §3.2). */
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
  /** Distinguishes the packet from any other but its own retransmission; 32 bits. */
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
  if (nextHeader === NEXT_HEADER_TCP && at + TCP_HEADER_LENGTH <= end) {
    const flags = bytes[at + TCP_FLAGS_OFFSET]!;
    if ((flags & (TCP_SYN | TCP_RST | TCP_FIN)) !== TCP_SYN) return null;
    const sequence = readUint32(bytes, at + TCP_SEQUENCE_OFFSET);
    return {
      expectedReply: ExpectedReply.ack,
      dedupKey: dedupKey(bytes, offset, at, sequence),
      expectedNumber: (sequence + 1) >>> 0,
    };
  }
  if (nextHeader !== NEXT_HEADER_SCTP || at + SCTP_HEADER_LENGTH + 4 > end) return null;
  const tag = readUint32(bytes, at + SCTP_VERIFICATION_TAG_OFFSET);
  const chunk = bytes[at + SCTP_CHUNK_OFFSET]!;
  if (chunk === COOKIE_ECHO) {
    return {
      expectedReply: ExpectedReply.cookieAck,
      dedupKey: dedupKey(bytes, offset, at, tag + chunk),
      expectedNumber: -1,
    };
  }
  if ((chunk !== INIT && chunk !== INIT_ACK) || at + SCTP_INITIATE_TAG_OFFSET + 4 > end)
    return null;
  const own = readUint32(bytes, at + SCTP_INITIATE_TAG_OFFSET);
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
      nextHeader === NEXT_HEADER_TCP &&
      at + TCP_HEADER_LENGTH <= end &&
      (bytes[at + TCP_FLAGS_OFFSET]! & TCP_ACK) !== 0 &&
      readUint32(bytes, at + TCP_ACKNOWLEDGMENT_OFFSET) === expectedNumber
    );
  }
  if (nextHeader !== NEXT_HEADER_SCTP || at + SCTP_HEADER_LENGTH + 4 > end) return false;
  if (readUint32(bytes, at + SCTP_VERIFICATION_TAG_OFFSET) !== expectedNumber) return false;
  const chunk = bytes[at + SCTP_CHUNK_OFFSET]!;
  if (expectedReply === ExpectedReply.initAck) return chunk === INIT_ACK;
  return expectedReply === ExpectedReply.cookieEcho ? chunk === COOKIE_ECHO : chunk === COOKIE_ACK;
}

/** Folds addresses, ports and a number of the packet into 32 bits. */
function dedupKey(bytes: Uint8Array, offset: number, ports: number, value: number): number {
  const seed = value ^ readUint32(bytes, ports);
  return hashBytes(bytes, offset + SOURCE_OFFSET, offset + DESTINATION_OFFSET + 16, seed) >>> 0;
}

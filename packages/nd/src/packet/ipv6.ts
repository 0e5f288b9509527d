import { checkInteger, IPV6_ADDRESS_BYTES, readUint16, writeUint16 } from '@6bed4/codec';
import { isInside } from './bounds.js';
import {
  DESTINATION_OFFSET,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
} from './constants.js';
import { copyBytes } from './copy.js';
import { checkBytes, checkRoom } from './result.js';

/*
 * RFC 8200 §3:
 *
 *    0                   1                   2                   3
 *   +-------+---------------+---------------------------------------+
 *   |Version| Traffic class |              Flow label               |
 *   +-------+---------------+-------+---------------+---------------+
 *   |        Payload length         |  Next header  |   Hop limit   |
 *   +-------------------------------+---------------+---------------+
 *   |                     Source address (16 bytes)                 |
 *   +---------------------------------------------------------------+
 *   |                   Destination address (16 bytes)              |
 *   +---------------------------------------------------------------+
 */

const VERSION = 6;
const HIGHEST_UINT8 = 0xff;
const HIGHEST_UINT16 = 0xffff;
const HIGHEST_FLOW_LABEL = 0xf_ffff;

/** The version field, 0..15; 6 in IPv6 (RFC 8200 §3). */
export function version(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! >>> 4;
}

/** The traffic class byte, 0..255: DS field and ECN (RFC 2474, RFC 3168). */
export function trafficClass(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! & 0x0f) << 4) | (bytes[offset + 1]! >>> 4);
}

/** Writes the traffic class byte, 0..255; version and flow label stay. */
export function setTrafficClass(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (bytes[offset]! & 0xf0) | ((value >>> 4) & 0x0f);
  bytes[offset + 1] = (bytes[offset + 1]! & 0x0f) | ((value << 4) & 0xf0);
}

/** The flow label, 0..0xfffff (RFC 6437). */
export function flowLabel(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 1]! & 0x0f) << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}

/** Bytes behind the header, 0..65535 (RFC 8200 §3). */
export function payloadLength(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset + PAYLOAD_LENGTH_OFFSET);
}

/** The protocol number of what follows the header, 0..255 (RFC 8200 §3). */
export function nextHeader(bytes: Uint8Array, offset: number): number {
  return bytes[offset + NEXT_HEADER_OFFSET]!;
}

/** Hops that are left, 0..255 (RFC 8200 §3). */
export function hopLimit(bytes: Uint8Array, offset: number): number {
  return bytes[offset + HOP_LIMIT_OFFSET]!;
}

/** Writes the hop limit, 0..255. */
export function setHopLimit(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset + HOP_LIMIT_OFFSET] = value;
}

/** A copy of the source address, 16 bytes. */
export function sourceAddress(bytes: Uint8Array, offset: number): Uint8Array {
  return copyBytes(bytes, offset + SOURCE_OFFSET, offset + SOURCE_OFFSET + IPV6_ADDRESS_BYTES);
}

/** A copy of the destination address, 16 bytes. */
export function destinationAddress(bytes: Uint8Array, offset: number): Uint8Array {
  return copyBytes(
    bytes,
    offset + DESTINATION_OFFSET,
    offset + DESTINATION_OFFSET + IPV6_ADDRESS_BYTES,
  );
}

/** The fields of an IPv6 header. */
export interface IPv6Header {
  /** 0..255; default 0. */
  readonly trafficClass?: number;
  /** 0..0xfffff; default 0. */
  readonly flowLabel?: number;
  /** Bytes behind the header, 0..65535. */
  readonly payloadLength: number;
  /** Protocol number of what follows, 0..255. */
  readonly nextHeader: number;
  /** 0..255. */
  readonly hopLimit: number;
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
}

/**
 * Writes an IPv6 header, 40 bytes at `offset` (RFC 8200 §3).
 *
 * @throws InvalidArgumentError naming the field that is out of range, or `out` when there is no room
 */
export function writeIPv6Header(out: Uint8Array, offset: number, header: IPv6Header): void {
  checkRoom(out, offset, IPV6_HEADER_LENGTH);
  const label = checkInteger('flowLabel', header.flowLabel ?? 0, 0, HIGHEST_FLOW_LABEL);
  out[offset] = VERSION << 4;
  out[offset + 1] = label >>> 16;
  writeUint16(out, offset + 2, label & HIGHEST_UINT16);
  setTrafficClass(
    out,
    offset,
    checkInteger('trafficClass', header.trafficClass ?? 0, 0, HIGHEST_UINT8),
  );
  writeUint16(
    out,
    offset + PAYLOAD_LENGTH_OFFSET,
    checkInteger('payloadLength', header.payloadLength, 0, HIGHEST_UINT16),
  );
  out[offset + NEXT_HEADER_OFFSET] = checkInteger(
    'nextHeader',
    header.nextHeader,
    0,
    HIGHEST_UINT8,
  );
  out[offset + HOP_LIMIT_OFFSET] = checkInteger('hopLimit', header.hopLimit, 0, HIGHEST_UINT8);
  out.set(checkBytes('source', header.source, IPV6_ADDRESS_BYTES), offset + SOURCE_OFFSET);
  out.set(
    checkBytes('destination', header.destination, IPV6_ADDRESS_BYTES),
    offset + DESTINATION_OFFSET,
  );
}

/** @internal Whether the bytes are one whole IPv6 packet. */
export function isWholePacket(bytes: Uint8Array, offset: number, length: number): boolean {
  return (
    length >= IPV6_HEADER_LENGTH &&
    isInside(bytes, offset, length) &&
    version(bytes, offset) === VERSION &&
    payloadLength(bytes, offset) + IPV6_HEADER_LENGTH === length
  );
}

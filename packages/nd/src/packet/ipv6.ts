import { readUint16, writeUint16 } from '../bigEndian.js';
import { isInside } from './bounds.js';
import {
  DESTINATION_OFFSET,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_AUTHENTICATION,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_ROUTING,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
} from './constants.js';
import { copyBytes } from './copy.js';
import { checkBytes, checkRange, checkRoom } from './result.js';

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
const ADDRESS_BYTES = 16;
/** Extension headers that are looked through; more is abuse. */
const MAX_EXTENSION_HEADERS = 8;
/** The least that any extension header takes. */
const EXTENSION_HEADER_UNIT = 8;

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
  return copyBytes(bytes, offset + SOURCE_OFFSET, offset + SOURCE_OFFSET + ADDRESS_BYTES);
}

/** A copy of the destination address, 16 bytes. */
export function destinationAddress(bytes: Uint8Array, offset: number): Uint8Array {
  return copyBytes(bytes, offset + DESTINATION_OFFSET, offset + DESTINATION_OFFSET + ADDRESS_BYTES);
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
  const label = checkRange('flowLabel', header.flowLabel ?? 0, HIGHEST_FLOW_LABEL);
  out[offset] = VERSION << 4;
  out[offset + 1] = label >>> 16;
  writeUint16(out, offset + 2, label & HIGHEST_UINT16);
  setTrafficClass(out, offset, checkRange('trafficClass', header.trafficClass ?? 0, HIGHEST_UINT8));
  writeUint16(
    out,
    offset + PAYLOAD_LENGTH_OFFSET,
    checkRange('payloadLength', header.payloadLength, HIGHEST_UINT16),
  );
  out[offset + NEXT_HEADER_OFFSET] = checkRange('nextHeader', header.nextHeader, HIGHEST_UINT8);
  out[offset + HOP_LIMIT_OFFSET] = checkRange('hopLimit', header.hopLimit, HIGHEST_UINT8);
  out.set(checkBytes('source', header.source, ADDRESS_BYTES), offset + SOURCE_OFFSET);
  out.set(
    checkBytes('destination', header.destination, ADDRESS_BYTES),
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

/** Where a fragment belongs in its packet, in units of 8 bytes (RFC 8200 §4.5). */
function fragmentOffset(bytes: Uint8Array, header: number): number {
  return readUint16(bytes, header + 2) >>> 3;
}

/** Where the upper-layer header of a packet is. */
export interface UpperLayer {
  /** Protocol number, 0..255. */
  readonly nextHeader: number;
  /** In bytes from the start of the buffer; at the end of the packet if nothing follows. */
  readonly offset: number;
}

/**
 * Finds the upper-layer header behind hop-by-hop options, routing, destination options, authentication
 * and the first fragment's header (RFC 8200 §4). Neither throws nor reads outside the packet.
 *
 * @param length - bytes of the packet that are there; it may be cut short
 * @returns null when there is none in reach: later fragments, cut short, more than 8 headers
 */
export function findUpperLayer(
  bytes: Uint8Array,
  offset: number,
  length: number,
): UpperLayer | null {
  if (length < IPV6_HEADER_LENGTH || !isInside(bytes, offset, length)) return null;
  const end = offset + length;
  let next = nextHeader(bytes, offset);
  let at = offset + IPV6_HEADER_LENGTH;
  for (let passed = 0; passed <= MAX_EXTENSION_HEADERS; passed++) {
    switch (next) {
      case NEXT_HEADER_HOP_BY_HOP:
      case NEXT_HEADER_ROUTING:
      case NEXT_HEADER_DESTINATION_OPTIONS: {
        if (at + EXTENSION_HEADER_UNIT > end) return null;
        next = bytes[at]!;
        at += (bytes[at + 1]! + 1) * EXTENSION_HEADER_UNIT;
        break;
      }
      case NEXT_HEADER_AUTHENTICATION: {
        if (at + EXTENSION_HEADER_UNIT > end) return null;
        next = bytes[at]!;
        // Counted in 32-bit words, less two (RFC 4302 §2.2).
        at += (bytes[at + 1]! + 2) * 4;
        break;
      }
      case NEXT_HEADER_FRAGMENT: {
        if (at + EXTENSION_HEADER_UNIT > end || fragmentOffset(bytes, at) !== 0) return null;
        next = bytes[at]!;
        at += EXTENSION_HEADER_UNIT;
        break;
      }
      default:
        return at <= end ? { nextHeader: next, offset: at } : null;
    }
  }
  return null;
}

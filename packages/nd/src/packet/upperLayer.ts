import { readUint16 } from '@6bed4/codec';
import { isInside } from './bounds.js';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_AUTHENTICATION,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_ROUTING,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
} from './constants.js';
import { nextHeader } from './ipv6.js';
import { TCP_HEADER_LENGTH, UDP_HEADER_LENGTH } from './transport.js';

/** Extension headers that are looked through; more is abuse. */
const MAX_EXTENSION_HEADERS = 8;
/** The least that any extension header takes. */
const EXTENSION_HEADER_UNIT = 8;

/** The length of hop-by-hop options, a routing header or destination options (RFC 8200 §4.3). */
function optionsHeaderLength(bytes: Uint8Array, header: number): number {
  return (bytes[header + 1]! + 1) * EXTENSION_HEADER_UNIT;
}

/**
 * @internal The length of an extension header that can be looked through.
 *
 * @param kind - the next header value before it
 * @param end - of the packet, which the header may exceed
 * @returns 0 for what is no such header, -1 for one of which less than 8 bytes are there
 */
export function extensionHeaderLength(
  kind: number,
  bytes: Uint8Array,
  header: number,
  end: number,
): number {
  switch (kind) {
    case NEXT_HEADER_HOP_BY_HOP:
    case NEXT_HEADER_ROUTING:
    case NEXT_HEADER_FRAGMENT:
    case NEXT_HEADER_AUTHENTICATION:
    case NEXT_HEADER_DESTINATION_OPTIONS:
      break;
    default:
      return 0;
  }
  if (header + EXTENSION_HEADER_UNIT > end) return -1;
  if (kind === NEXT_HEADER_FRAGMENT) return EXTENSION_HEADER_UNIT;
  // Counted in 32-bit words, less two (RFC 4302 §2.2).
  if (kind === NEXT_HEADER_AUTHENTICATION) return (bytes[header + 1]! + 2) * 4;
  return optionsHeaderLength(bytes, header);
}

/** @internal The offset of a fragment in its packet, in units of 8 bytes (RFC 8200 §4.5). */
export function fragmentOffset(bytes: Uint8Array, header: number): number {
  return readUint16(bytes, header + 2) >>> 3;
}

/** The place of the upper-layer header of a packet. */
export interface UpperLayer {
  /** Protocol number, 0..255. */
  readonly nextHeader: number;
  /** In bytes from the start of the buffer; at the end of the packet if nothing follows. */
  readonly offset: number;
}

/**
 * Finds the upper-layer header behind hop-by-hop options, routing, destination options,
 * authentication and the first fragment's header (RFC 8200 §4). Neither throws nor reads outside the
 * packet.
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
    const size = extensionHeaderLength(next, bytes, at, end);
    if (size === 0) return at <= end ? { nextHeader: next, offset: at } : null;
    if (size === -1) return null;
    if (next === NEXT_HEADER_FRAGMENT && fragmentOffset(bytes, at) !== 0) return null;
    next = bytes[at]!;
    at += size;
  }
  return null;
}

/**
 * Finds the UDP header of a whole packet at its destination, behind hop-by-hop and destination
 * options if there are any. Neither allocates nor reads outside the packet.
 *
 * @returns where it starts in `bytes`; -1 when the packet is not UDP, is a fragment, or has headers
 * that a destination must act on
 */
export function findUdpHeader(bytes: Uint8Array, offset: number, length: number): number {
  return findTransport(bytes, offset, length, NEXT_HEADER_UDP, UDP_HEADER_LENGTH);
}

/** As {@link findUdpHeader}, for TCP. */
export function findTcpHeader(bytes: Uint8Array, offset: number, length: number): number {
  return findTransport(bytes, offset, length, NEXT_HEADER_TCP, TCP_HEADER_LENGTH);
}

function findTransport(
  bytes: Uint8Array,
  offset: number,
  length: number,
  protocol: number,
  least: number,
): number {
  const end = offset + length;
  let next = nextHeader(bytes, offset);
  let at = offset + IPV6_HEADER_LENGTH;
  while (next !== protocol) {
    if (next !== NEXT_HEADER_HOP_BY_HOP && next !== NEXT_HEADER_DESTINATION_OPTIONS) return -1;
    if (at + EXTENSION_HEADER_UNIT > end) return -1;
    next = bytes[at]!;
    at += optionsHeaderLength(bytes, at);
  }
  return at + least <= end ? at : -1;
}

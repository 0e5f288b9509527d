import { isMulticast } from '../addresses.js';
import { DESTINATION_OFFSET, ICMPV6_NEIGHBOR_ADVERTISEMENT } from '../constants.js';
import { destinationAddress, sourceAddress } from '../ipv6.js';
import { checkBytes, type ParseResult, refuse } from '../result.js';
import { buildFrame, MESSAGE, type MessageBase, parseFrame } from './message.js';

/*
 * RFC 4861 §4.4:
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 136    |    Code 0     |           Checksum            |
 *   +-+-+-+---------+---------------+-------------------------------+
 *   |R|S|O|                       Reserved                          |
 *   +-+-+-+---------------------------------------------------------+
 *   |                   Target address (16 bytes)                   |
 *   +---------------------------------------------------------------+
 *   | Options ...
 */
const FIXED = 24;
const FLAGS = 4;
const TARGET = 8;
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
const SECTION = 'RFC 4861 §7.1.2';

/** "I am here." */
export interface NeighborAdvertisement extends MessageBase {
  readonly type: 'neighbor-advertisement';
  /** R: the sender is a router. */
  readonly router: boolean;
  /** S: answers a solicitation. */
  readonly solicited: boolean;
  /** O: replaces what the receiver has cached. */
  readonly override: boolean;
  /** Who is here; 16 bytes, not multicast. */
  readonly target: Uint8Array;
}

/** @internal */
export function parseNeighborAdvertisement(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<NeighborAdvertisement> {
  const options = parseFrame(bytes, offset, length, FIXED, SECTION);
  if (!options.ok) return options;
  const target = offset + MESSAGE + TARGET;
  // "Target Address is not a multicast address."
  if (isMulticast(bytes, target)) return refuse('bad-target', MESSAGE + TARGET, SECTION);
  const flags = bytes[offset + MESSAGE + FLAGS]!;
  // "If the IP Destination Address is a multicast address the Solicited flag is zero."
  if ((flags & SOLICITED) !== 0 && isMulticast(bytes, offset + DESTINATION_OFFSET)) {
    return refuse('bad-flags', MESSAGE + FLAGS, SECTION);
  }
  return {
    ok: true,
    value: {
      type: 'neighbor-advertisement',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      router: (flags & ROUTER) !== 0,
      solicited: (flags & SOLICITED) !== 0,
      override: (flags & OVERRIDE) !== 0,
      target: bytes.slice(target, target + 16),
      options: options.value,
    },
  };
}

/** @internal */
export function buildNeighborAdvertisement(na: NeighborAdvertisement): Uint8Array {
  return buildFrame(ICMPV6_NEIGHBOR_ADVERTISEMENT, na, FIXED, (out, message) => {
    out[message + FLAGS] =
      (na.router ? ROUTER : 0) | (na.solicited ? SOLICITED : 0) | (na.override ? OVERRIDE : 0);
    out.set(checkBytes('target', na.target, 16), message + TARGET);
  });
}

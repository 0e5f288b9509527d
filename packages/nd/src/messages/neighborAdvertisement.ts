import { isIPv6Multicast } from '@6bed4/codec';
import { ICMPV6_NEIGHBOR_ADVERTISEMENT } from '../icmpv6/constants.js';
import { MESSAGE } from '../icmpv6/icmpv6.js';
import { DESTINATION_OFFSET } from '../packet/constants.js';
import { copyBytes } from '../packet/copy.js';
import { destinationAddress, sourceAddress } from '../packet/ipv6.js';
import { checkBytes, type ParseResult, refuse } from '../packet/result.js';
import { type MessageBase, parseFrame, writeFrame } from './message.js';

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
const FLAGS = 4;
const TARGET = 8;
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
const SECTION = 'RFC 4861 §7.1.2';
/** @internal Bytes before the options. */
export const NEIGHBOR_ADVERTISEMENT_LENGTH = 24;

/**
 * Neighbor Advertisement: says that its sender is there, and its link-layer address (RFC 4861 §4.4).
 */
export interface NeighborAdvertisement extends MessageBase {
  /** ICMPv6 type 136. */
  readonly type: 'neighbor-advertisement';
  /** R: the sender is a router. */
  readonly router: boolean;
  /** S: answers a solicitation. */
  readonly solicited: boolean;
  /** O: replaces what the receiver has cached. */
  readonly override: boolean;
  /** The address that is advertised; 16 bytes, not multicast. */
  readonly target: Uint8Array;
}

/**
 * Reads the fields of a Neighbor Advertisement in place (RFC 4861 §4.4), without allocation, in
 * a packet at `offset` that {@link parseNd} accepts.
 */
export const neighborAdvertisementView = {
  /** R. */
  router: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, ROUTER),
  /** S. */
  solicited: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, SOLICITED),
  /** O. */
  override: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, OVERRIDE),
  /** Offset of the target address in the buffer, 16 bytes. */
  targetOffset: (offset: number): number => offset + MESSAGE + TARGET,
  /** Offset of the options in the buffer. */
  optionsOffset: (offset: number): number => offset + MESSAGE + NEIGHBOR_ADVERTISEMENT_LENGTH,
} as const;

function hasFlag(bytes: Uint8Array, offset: number, flag: number): boolean {
  return (bytes[offset + MESSAGE + FLAGS]! & flag) !== 0;
}

/** @internal */
export function parseNeighborAdvertisement(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<NeighborAdvertisement> {
  const options = parseFrame(bytes, offset, length, NEIGHBOR_ADVERTISEMENT_LENGTH, SECTION);
  if (!options.ok) return options;
  const view = neighborAdvertisementView;
  const target = view.targetOffset(offset);
  // "Target Address is not a multicast address."
  if (isIPv6Multicast(bytes, target)) return refuse('bad-target', target - offset, SECTION);
  // "If the IP Destination Address is a multicast address the Solicited flag is zero."
  if (view.solicited(bytes, offset) && isIPv6Multicast(bytes, offset + DESTINATION_OFFSET)) {
    return refuse('bad-flags', MESSAGE + FLAGS, SECTION);
  }
  return {
    ok: true,
    value: {
      type: 'neighbor-advertisement',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      router: view.router(bytes, offset),
      solicited: view.solicited(bytes, offset),
      override: view.override(bytes, offset),
      target: copyBytes(bytes, target, target + 16),
      options: options.value,
    },
  };
}

/** @internal */
export function writeNeighborAdvertisement(
  out: Uint8Array,
  offset: number,
  na: NeighborAdvertisement,
): number {
  const target = checkBytes('target', na.target, 16);
  return writeFrame(
    out,
    offset,
    ICMPV6_NEIGHBOR_ADVERTISEMENT,
    na,
    NEIGHBOR_ADVERTISEMENT_LENGTH,
    (message) => {
      out[message + FLAGS] =
        (na.router ? ROUTER : 0) | (na.solicited ? SOLICITED : 0) | (na.override ? OVERRIDE : 0);
      out.set(target, message + TARGET);
    },
  );
}

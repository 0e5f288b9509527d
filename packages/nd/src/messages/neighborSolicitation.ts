import { isIPv6Multicast, isIPv6Unspecified, sameBytes } from '@6bed4/codec';
import { ICMPV6_NEIGHBOR_SOLICITATION } from '../icmpv6/constants.js';
import { MESSAGE } from '../icmpv6/icmpv6.js';
import { findOptionOffset } from '../options/findOption.js';
import { OPTION_SOURCE_LINK_LAYER } from '../options/optionCodes.js';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '../packet/constants.js';
import { copyBytes } from '../packet/copy.js';
import { destinationAddress, sourceAddress } from '../packet/ipv6.js';
import { checkBytes, type ParseResult, refuse } from '../packet/result.js';
import { type MessageBase, parseFrame, writeFrame } from './message.js';

/*
 * RFC 4861 §4.3:
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 135    |    Code 0     |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |                           Reserved                            |
 *   +---------------------------------------------------------------+
 *   |                   Target address (16 bytes)                   |
 *   +---------------------------------------------------------------+
 *   | Options ...
 */
const TARGET = 8;
const SECTION = 'RFC 4861 §7.1.1';
/** @internal Bytes before the options. */
export const NEIGHBOR_SOLICITATION_LENGTH = 24;

/** Neighbor Solicitation: requests a link-layer address or a sign of reachability (RFC 4861 §4.3). */
export interface NeighborSolicitation extends MessageBase {
  /** ICMPv6 type 135. */
  readonly type: 'neighbor-solicitation';
  /** The address that is solicited; 16 bytes, not multicast. */
  readonly target: Uint8Array;
}

/**
 * Offsets of the parts of a Neighbor Solicitation (RFC 4861 §4.3), for a packet at `offset` that
 * {@link parseNd} accepts.
 */
export const neighborSolicitationView = {
  /** Offset of the target address in the buffer, 16 bytes. */
  targetOffset: (offset: number): number => offset + MESSAGE + TARGET,
  /** Offset of the options in the buffer. */
  optionsOffset: (offset: number): number => offset + MESSAGE + NEIGHBOR_SOLICITATION_LENGTH,
} as const;

const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

/** Whether the address at `offset` is under ff02::1:ff00:0/104 (RFC 4291 §2.7.1). */
function isSolicitedNodeMulticast(bytes: Uint8Array, offset: number): boolean {
  return sameBytes(bytes, offset, SOLICITED_NODE, 0, SOLICITED_NODE.length);
}

/** @internal */
export function parseNeighborSolicitation(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<NeighborSolicitation> {
  const options = parseFrame(bytes, offset, length, NEIGHBOR_SOLICITATION_LENGTH, SECTION);
  if (!options.ok) return options;
  const target = neighborSolicitationView.targetOffset(offset);
  // "Target Address is not a multicast address."
  if (isIPv6Multicast(bytes, target)) return refuse('bad-target', target - offset, SECTION);
  if (isIPv6Unspecified(bytes, offset + SOURCE_OFFSET)) {
    // "If the IP source address is the unspecified address, the IP destination address is a
    // solicited-node multicast address."
    if (!isSolicitedNodeMulticast(bytes, offset + DESTINATION_OFFSET)) {
      return refuse('bad-destination', DESTINATION_OFFSET, SECTION);
    }
    // "If the IP source address is the unspecified address, there is no source link-layer address
    // option in the message."
    const start = neighborSolicitationView.optionsOffset(offset);
    const forbidden = findOptionOffset(bytes, start, offset + length, OPTION_SOURCE_LINK_LAYER);
    if (forbidden !== -1) return refuse('forbidden-option', forbidden - offset, SECTION);
  }
  return {
    ok: true,
    value: {
      type: 'neighbor-solicitation',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      target: copyBytes(bytes, target, target + 16),
      options: options.value,
    },
  };
}

/** @internal */
export function writeNeighborSolicitation(
  out: Uint8Array,
  offset: number,
  ns: NeighborSolicitation,
): number {
  const target = checkBytes('target', ns.target, 16);
  return writeFrame(
    out,
    offset,
    ICMPV6_NEIGHBOR_SOLICITATION,
    ns,
    NEIGHBOR_SOLICITATION_LENGTH,
    (message) => out.set(target, message + TARGET),
  );
}

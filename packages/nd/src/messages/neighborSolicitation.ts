import { isMulticast, isSolicitedNodeMulticast, isUnspecified } from '../addresses.js';
import { DESTINATION_OFFSET, ICMPV6_NEIGHBOR_SOLICITATION, SOURCE_OFFSET } from '../constants.js';
import { destinationAddress, sourceAddress } from '../ipv6.js';
import { findOption } from '../options.js';
import { checkBytes, type ParseResult, refuse } from '../result.js';
import { buildFrame, MESSAGE, type MessageBase, parseFrame } from './message.js';

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
const FIXED = 24;
const TARGET = 8;
const SECTION = 'RFC 4861 §7.1.1';

/** "Are you there?" */
export interface NeighborSolicitation extends MessageBase {
  readonly type: 'neighbor-solicitation';
  /** Who is asked for; 16 bytes, not multicast. */
  readonly target: Uint8Array;
}

/** @internal */
export function parseNeighborSolicitation(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<NeighborSolicitation> {
  const options = parseFrame(bytes, offset, length, FIXED, SECTION);
  if (!options.ok) return options;
  const target = offset + MESSAGE + TARGET;
  // "Target Address is not a multicast address."
  if (isMulticast(bytes, target)) return refuse('bad-target', MESSAGE + TARGET, SECTION);
  if (isUnspecified(bytes, offset + SOURCE_OFFSET)) {
    // "If the IP source address is the unspecified address, the IP destination address is a
    // solicited-node multicast address."
    if (!isSolicitedNodeMulticast(bytes, offset + DESTINATION_OFFSET)) {
      return refuse('bad-destination', DESTINATION_OFFSET, SECTION);
    }
    // "… there is no source link-layer address option in the message."
    if (findOption(options.value, 'source-link-layer') !== undefined) {
      return refuse('forbidden-option', MESSAGE + FIXED, SECTION);
    }
  }
  return {
    ok: true,
    value: {
      type: 'neighbor-solicitation',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      target: bytes.slice(target, target + 16),
      options: options.value,
    },
  };
}

/** @internal */
export function buildNeighborSolicitation(ns: NeighborSolicitation): Uint8Array {
  return buildFrame(ICMPV6_NEIGHBOR_SOLICITATION, ns, FIXED, (out, message) => {
    out.set(checkBytes('target', ns.target, 16), message + TARGET);
  });
}

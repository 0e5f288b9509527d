import { isIPv6Unspecified } from '@6bed4/codec';
import { ICMPV6_ROUTER_SOLICITATION } from '../icmpv6/constants.js';
import { MESSAGE } from '../icmpv6/icmpv6.js';
import { findOptionOffset } from '../options/findOption.js';
import { OPTION_SOURCE_LINK_LAYER } from '../options/optionCodes.js';
import { SOURCE_OFFSET } from '../packet/constants.js';
import { destinationAddress, sourceAddress } from '../packet/ipv6.js';
import { type ParseResult, refuse } from '../packet/result.js';
import { type MessageBase, parseFrame, writeFrame } from './message.js';

/*
 * RFC 4861 §4.1:
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 133    |    Code 0     |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |                           Reserved                            |
 *   +---------------------------------------------------------------+
 *   | Options ...
 */
const SECTION = 'RFC 4861 §6.1.1';
/** @internal Bytes before the options. */
export const ROUTER_SOLICITATION_LENGTH = 8;

/** Router Solicitation: requests Router Advertisements at once (RFC 4861 §4.1). */
export interface RouterSolicitation extends MessageBase {
  /** ICMPv6 type 133. */
  readonly type: 'router-solicitation';
}

/**
 * Offsets of the parts of a Router Solicitation (RFC 4861 §4.1), for a packet at `offset` that
 * {@link parseNd} accepts.
 */
export const routerSolicitationView = {
  /** Offset of the options in the buffer. */
  optionsOffset: (offset: number): number => offset + MESSAGE + ROUTER_SOLICITATION_LENGTH,
} as const;

/** @internal */
export function parseRouterSolicitation(
  bytes: Uint8Array,
  offset: number,
  length: number,
  lenient: boolean,
): ParseResult<RouterSolicitation> {
  const options = parseFrame(bytes, offset, length, ROUTER_SOLICITATION_LENGTH, SECTION);
  if (!options.ok) return options;
  // "If the IP source address is the unspecified address, there is no source link-layer address
  // option in the message."
  if (!lenient && isIPv6Unspecified(bytes, offset + SOURCE_OFFSET)) {
    const start = routerSolicitationView.optionsOffset(offset);
    const forbidden = findOptionOffset(bytes, start, offset + length, OPTION_SOURCE_LINK_LAYER);
    if (forbidden !== -1) return refuse('forbidden-option', forbidden - offset, SECTION);
  }
  return {
    ok: true,
    value: {
      type: 'router-solicitation',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      options: options.value,
    },
  };
}

/** @internal */
export function writeRouterSolicitation(
  out: Uint8Array,
  offset: number,
  rs: RouterSolicitation,
): number {
  return writeFrame(
    out,
    offset,
    ICMPV6_ROUTER_SOLICITATION,
    rs,
    ROUTER_SOLICITATION_LENGTH,
    () => {},
  );
}

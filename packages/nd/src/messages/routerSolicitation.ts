import { isUnspecified } from '../addresses.js';
import { ICMPV6_ROUTER_SOLICITATION, SOURCE_OFFSET } from '../constants.js';
import { destinationAddress, sourceAddress } from '../ipv6.js';
import { findOption } from '../options.js';
import { type ParseResult, refuse } from '../result.js';
import { buildFrame, MESSAGE, type MessageBase, parseFrame } from './message.js';

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
const FIXED = 8;
const SECTION = 'RFC 4861 §6.1.1';

/** "Who routes here, and what is my prefix?" */
export interface RouterSolicitation extends MessageBase {
  readonly type: 'router-solicitation';
}

/** @internal */
export function parseRouterSolicitation(
  bytes: Uint8Array,
  offset: number,
  length: number,
  lenient: boolean,
): ParseResult<RouterSolicitation> {
  const options = parseFrame(bytes, offset, length, FIXED, SECTION);
  if (!options.ok) return options;
  // "If the IP source address is the unspecified address, there is no source link-layer address
  // option in the message."
  if (
    !lenient &&
    isUnspecified(bytes, offset + SOURCE_OFFSET) &&
    findOption(options.value, 'source-link-layer') !== undefined
  ) {
    return refuse('forbidden-option', MESSAGE + FIXED, SECTION);
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
export function buildRouterSolicitation(message: RouterSolicitation): Uint8Array {
  return buildFrame(ICMPV6_ROUTER_SOLICITATION, message, FIXED, () => {});
}

import {
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
} from './constants.js';
import { isWholePacket } from './ipv6.js';
import {
  buildNeighborAdvertisement,
  type NeighborAdvertisement,
  parseNeighborAdvertisement,
} from './messages/neighborAdvertisement.js';
import {
  buildNeighborSolicitation,
  type NeighborSolicitation,
  parseNeighborSolicitation,
} from './messages/neighborSolicitation.js';
import { buildRedirect, parseRedirect, type Redirect } from './messages/redirect.js';
import {
  buildRouterAdvertisement,
  parseRouterAdvertisement,
  type RouterAdvertisement,
} from './messages/routerAdvertisement.js';
import {
  buildRouterSolicitation,
  parseRouterSolicitation,
  type RouterSolicitation,
} from './messages/routerSolicitation.js';
import { type ParseResult, refuse } from './result.js';

/** A Neighbor Discovery message with its IPv6 addresses (RFC 4861 §4). */
export type NdMessage =
  | RouterSolicitation
  | RouterAdvertisement
  | NeighborSolicitation
  | NeighborAdvertisement
  | Redirect;

/** How to read what deployed nodes send against the rules. */
export interface ParseNdOptions {
  /**
   * Accept a source link-layer option in a Router Solicitation from `::`, against RFC 4861 §6.1.1: all
   * deployed 6bed4 peers send one.
   */
  readonly lenientSolicitation?: boolean;
}

/**
 * Whether a packet is Neighbor Discovery: ICMPv6 of type 133..137 right behind the IPv6 header. Looks
 * at nothing else and does not allocate.
 */
export function isNd(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length <= IPV6_HEADER_LENGTH) return false;
  if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6) return false;
  const type = bytes[offset + IPV6_HEADER_LENGTH]!;
  return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}

/**
 * Parses a whole IPv6 packet as a Neighbor Discovery message and checks all that RFC 4861 §6.1.1,
 * §6.1.2, §7.1.1, §7.1.2 or §8.1 prescribes for it. Addresses and options are copies. Never throws.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function parseNd(
  bytes: Uint8Array,
  offset: number,
  length: number,
  options: ParseNdOptions = {},
): ParseResult<NdMessage> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  if (!isNd(bytes, offset, length))
    return refuse('other-message', NEXT_HEADER_OFFSET, 'RFC 4861 §4');
  switch (bytes[offset + IPV6_HEADER_LENGTH]) {
    case ICMPV6_ROUTER_SOLICITATION:
      return parseRouterSolicitation(bytes, offset, length, options.lenientSolicitation === true);
    case ICMPV6_ROUTER_ADVERTISEMENT:
      return parseRouterAdvertisement(bytes, offset, length);
    case ICMPV6_NEIGHBOR_SOLICITATION:
      return parseNeighborSolicitation(bytes, offset, length);
    case ICMPV6_NEIGHBOR_ADVERTISEMENT:
      return parseNeighborAdvertisement(bytes, offset, length);
    default:
      return parseRedirect(bytes, offset, length);
  }
}

/**
 * Builds the IPv6 packet of a Neighbor Discovery message, with hop limit 255 and its checksum.
 *
 * @throws NdBuildError naming the field that cannot be expressed
 */
export function buildNd(message: NdMessage): Uint8Array {
  switch (message.type) {
    case 'router-solicitation':
      return buildRouterSolicitation(message);
    case 'router-advertisement':
      return buildRouterAdvertisement(message);
    case 'neighbor-solicitation':
      return buildNeighborSolicitation(message);
    case 'neighbor-advertisement':
      return buildNeighborAdvertisement(message);
    case 'redirect':
      return buildRedirect(message);
  }
}

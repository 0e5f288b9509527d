import {
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from '../icmpv6/constants.js';
import { optionsLength } from '../options/writeOptions.js';
import { isInside } from '../packet/bounds.js';
import { IPV6_HEADER_LENGTH, NEXT_HEADER_ICMPV6, NEXT_HEADER_OFFSET } from '../packet/constants.js';
import { isWholePacket } from '../packet/ipv6.js';
import { type ParseResult, refuse } from '../packet/result.js';
import {
  NEIGHBOR_ADVERTISEMENT_LENGTH,
  type NeighborAdvertisement,
  parseNeighborAdvertisement,
  writeNeighborAdvertisement,
} from './neighborAdvertisement.js';
import {
  NEIGHBOR_SOLICITATION_LENGTH,
  type NeighborSolicitation,
  parseNeighborSolicitation,
  writeNeighborSolicitation,
} from './neighborSolicitation.js';
import {
  fitRedirect,
  parseRedirect,
  REDIRECT_LENGTH,
  type Redirect,
  writeRedirect,
} from './redirect.js';
import {
  parseRouterAdvertisement,
  ROUTER_ADVERTISEMENT_LENGTH,
  type RouterAdvertisement,
  writeRouterAdvertisement,
} from './routerAdvertisement.js';
import {
  parseRouterSolicitation,
  ROUTER_SOLICITATION_LENGTH,
  type RouterSolicitation,
  writeRouterSolicitation,
} from './routerSolicitation.js';

/** A Neighbor Discovery message with its IPv6 addresses (RFC 4861 §4). */
export type NdMessage =
  | RouterSolicitation
  | RouterAdvertisement
  | NeighborSolicitation
  | NeighborAdvertisement
  | Redirect;

/** Leniency towards messages that deployed nodes send against the rules. */
export interface ParseNdOptions {
  /**
   * Accept a source link-layer option in a Router Solicitation from `::`, against RFC 4861 §6.1.1:
   * all deployed 6bed4 peers send one.
   */
  readonly lenientSolicitation?: boolean;
  /**
   * Accept the Redirect of draft-vanrein-v6ops-6bed4-01 §6.13, which has it the other way round than
   * RFC 4861 §4.5: its Target is the node that redirects traffic to itself, its Destination the
   * link-local address of the endpoint that it proposes.
   */
  readonly lenientRedirect?: boolean;
}

/**
 * Whether a packet is Neighbor Discovery: ICMPv6 of type 133..137 right behind the IPv6 header (RFC
 * 4861 §4). Looks at nothing else; does not allocate, throw, or read outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function isNd(bytes: Uint8Array, offset: number, length: number): boolean {
  return (
    length > IPV6_HEADER_LENGTH &&
    bytes[offset + NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6 &&
    isInside(bytes, offset, length) &&
    hasNdType(bytes, offset)
  );
}

function hasNdType(bytes: Uint8Array, offset: number): boolean {
  const type = bytes[offset + IPV6_HEADER_LENGTH]!;
  return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}

/**
 * Parses a whole IPv6 packet as a Neighbor Discovery message and checks all that RFC 4861 §6.1.1,
 * §6.1.2, §7.1.1, §7.1.2 or §8.1 prescribes for it, except that a Redirect comes from the current
 * first hop: its receiver knows its routes. Addresses and options are copies. Never throws, nor reads
 * outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 * @param options - what to forgive
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
      return parseRedirect(bytes, offset, length, options.lenientRedirect === true);
  }
}

const FIXED_LENGTHS: Readonly<Record<NdMessage['type'], number>> = {
  'router-solicitation': ROUTER_SOLICITATION_LENGTH,
  'router-advertisement': ROUTER_ADVERTISEMENT_LENGTH,
  'neighbor-solicitation': NEIGHBOR_SOLICITATION_LENGTH,
  'neighbor-advertisement': NEIGHBOR_ADVERTISEMENT_LENGTH,
  redirect: REDIRECT_LENGTH,
};

function writeFitting(out: Uint8Array, offset: number, message: NdMessage): number {
  switch (message.type) {
    case 'router-solicitation':
      return writeRouterSolicitation(out, offset, message);
    case 'router-advertisement':
      return writeRouterAdvertisement(out, offset, message);
    case 'neighbor-solicitation':
      return writeNeighborSolicitation(out, offset, message);
    case 'neighbor-advertisement':
      return writeNeighborAdvertisement(out, offset, message);
    case 'redirect':
      return writeRedirect(out, offset, message);
  }
}

/** A Redirect never passes 1280 bytes (RFC 4861 §8.2); the others have nothing to cut. */
function cut(message: NdMessage): NdMessage {
  return message.type === 'redirect' ? fitRedirect(message) : message;
}

/**
 * Builds the IPv6 packet of a Neighbor Discovery message (RFC 4861 §4), with hop limit 255 and its
 * checksum. That the message obeys the rules which {@link parseNd} checks is for the caller to see
 * to.
 *
 * @throws InvalidArgumentError naming the field that cannot be expressed
 */
export function buildNd(message: NdMessage): Uint8Array {
  const fitting = cut(message);
  const length = IPV6_HEADER_LENGTH + FIXED_LENGTHS[message.type] + optionsLength(fitting.options);
  const out = new Uint8Array(length);
  writeFitting(out, 0, fitting);
  return out;
}

/**
 * @internal Writes what {@link buildNd} builds into a buffer at `offset`, over whatever was there.
 *
 * @returns bytes written
 * @throws InvalidArgumentError naming the field that cannot be expressed, or `out` when there is no
 * room; the buffer may have been written to by then
 */
export function writeNd(out: Uint8Array, offset: number, message: NdMessage): number {
  return writeFitting(out, offset, cut(message));
}

import { ICMPV6_REDIRECT, ICMPV6_ROUTER_SOLICITATION } from '../icmpv6/constants.js';
import { isInside } from '../packet/bounds.js';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
} from '../packet/constants.js';
import { extensionHeaderLength, fragmentOffset } from '../packet/upperLayer.js';

/** The flag of a fragment header that says that more follow (RFC 8200 §4.5). */
const MORE_FRAGMENTS = 1;

/**
 * Whether a packet is Neighbor Discovery with extension headers before the message, fragmented or not
 * (RFC 6980 §5): no node sends that, and whoever takes it for an ordinary packet brings it to a host that
 * may read it. A first fragment that ends before its upper-layer header could become it, and counts as it
 * (RFC 7112 §5); later fragments say nothing. Looks at nothing else; does not allocate, throw, or read
 * outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function hidesNd(bytes: Uint8Array, offset: number, length: number): boolean {
  // Short, since it runs for every packet: most are none of what the rest is for.
  // Stryker disable next-line EqualityOperator: behind a header alone is nothing to find
  const next = length < IPV6_HEADER_LENGTH ? NEXT_HEADER_TCP : bytes[offset + NEXT_HEADER_OFFSET];
  return (
    // Stryker disable next-line ConditionalExpression,LogicalOperator: spares the walk, finds the same
    next !== NEXT_HEADER_TCP &&
    // Stryker disable next-line ConditionalExpression: spares the walk, finds the same
    next !== NEXT_HEADER_UDP &&
    next !== NEXT_HEADER_ICMPV6 &&
    leadsToNd(bytes, offset, length)
  );
}

/** Walks from the IPv6 header to the message, however many headers there are. */
function leadsToNd(bytes: Uint8Array, offset: number, length: number): boolean {
  if (!isInside(bytes, offset, length)) return false;
  const end = offset + length;
  let next = bytes[offset + NEXT_HEADER_OFFSET]!;
  let at = offset + IPV6_HEADER_LENGTH;
  let isCut = false;
  for (;;) {
    const size = extensionHeaderLength(next, bytes, at, end);
    if (size === 0) break;
    if (size === -1) return isCut;
    if (next === NEXT_HEADER_FRAGMENT) {
      if (fragmentOffset(bytes, at) !== 0) return false;
      isCut ||= (bytes[at + 3]! & MORE_FRAGMENTS) !== 0;
    }
    next = bytes[at]!;
    at += size;
  }
  if (at > end) return isCut;
  if (next !== NEXT_HEADER_ICMPV6) return false;
  if (at === end) return isCut;
  const type = bytes[at]!;
  return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}

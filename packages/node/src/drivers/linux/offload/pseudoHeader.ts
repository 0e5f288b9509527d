import {
  DESTINATION_OFFSET,
  fold,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
  sumView,
} from '@6bed4/nd';

const ADDRESSES_LENGTH = 2 * (DESTINATION_OFFSET - SOURCE_OFFSET);

/** The sum of source and destination of an IPv6 packet, the constant part of a pseudo-header. */
export function sumAddresses(view: DataView, packet: number): number {
  return sumView(view, packet + SOURCE_OFFSET, ADDRESSES_LENGTH);
}

/** The folded sum of a pseudo-header (RFC 8200 §8.1). */
export function sumPseudoHeader(
  view: DataView,
  packet: number,
  nextHeader: number,
  upperLength: number,
): number {
  return fold(sumAddresses(view, packet) + nextHeader + upperLength);
}

/** Whether TCP or UDP right behind the IPv6 header has the right checksum. */
export function hasValidChecksum(view: DataView, packet: number, length: number): boolean {
  const upperLength = length - IPV6_HEADER_LENGTH;
  const nextHeader = view.getUint8(packet + NEXT_HEADER_OFFSET);
  const pseudo = sumPseudoHeader(view, packet, nextHeader, upperLength);
  return sumView(view, packet + IPV6_HEADER_LENGTH, upperLength, pseudo) === 0xffff;
}

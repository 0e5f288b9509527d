import {
  DESTINATION_OFFSET,
  fold,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { wideSum } from './wideSum.js';

/*
 * TCP header (RFC 9293 §3.1)             UDP header (RFC 768)
 *
 *   0   ports                              0   ports
 *   4   sequence number                    4   length
 *   8   acknowledgement number             6   checksum
 *   12  data offset, in words, high nibble
 *   13  flags
 *   14  window
 *   16  checksum
 *   18  urgent pointer
 *   20  options
 */
export const TCP_HEADER_LENGTH = 20;
export const TCP_SEQUENCE = 4;
export const TCP_ACKNOWLEDGEMENT = 8;
export const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const TCP_WINDOW = 14;
export const TCP_CHECKSUM = 16;
export const TCP_URGENT = 18;
export const UDP_HEADER_LENGTH = 8;
export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;

export const TCP_FIN = 0x01;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_CWR = 0x80;

/** The sum of source and destination of an IPv6 packet, the part of pseudo-headers that stays. */
export function sumAddresses(view: DataView, packet: number): number {
  const length = DESTINATION_OFFSET + 16 - SOURCE_OFFSET;
  return wideSum(view, packet + SOURCE_OFFSET, length);
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
  return fold(pseudo + wideSum(view, packet + IPV6_HEADER_LENGTH, upperLength)) === 0xffff;
}

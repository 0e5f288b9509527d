import { readUint16, readUint32 } from './bigEndian.js';
import {
  DESTINATION_OFFSET,
  ICMPV6_CHECKSUM_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  SOURCE_OFFSET,
} from './constants.js';

/**
 * Adds bytes to a ones-complement sum, as 32-bit words: a double holds two million of them exactly,
 * and {@link fold} makes 16 bits of it at the end (RFC 1071 §2).
 *
 * @param initial - sum so far
 */
export function sumBytes(bytes: Uint8Array, offset: number, length: number, initial = 0): number {
  let sum = initial;
  const end = offset + length;
  let at = offset;
  for (; at + 4 <= end; at += 4) sum += readUint32(bytes, at);
  // An odd last byte counts as the high one of a word (RFC 1071 §4.1).
  if (at + 2 <= end) {
    sum += readUint16(bytes, at);
    at += 2;
  }
  if (at < end) sum += bytes[at]! << 8;
  return sum;
}

/** Folds a sum to 16 bits with end-around carry (RFC 1071 §2). */
export function fold(sum: number): number {
  let folded = (sum % 0x1_0000_0000) + Math.floor(sum / 0x1_0000_0000);
  folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/**
 * The sum of an upper-layer message in an IPv6 packet with its pseudo-header (RFC 8200 §8.1).
 *
 * @param packet - offset of the IPv6 header
 * @param upper - offset of the upper-layer header
 * @param end - offset behind the last byte
 */
function sumWithPseudoHeader(
  bytes: Uint8Array,
  packet: number,
  upper: number,
  end: number,
  nextHeader: number,
): number {
  const addresses = sumBytes(
    bytes,
    packet + SOURCE_OFFSET,
    DESTINATION_OFFSET + 16 - SOURCE_OFFSET,
    end - upper + nextHeader,
  );
  return sumBytes(bytes, upper, end - upper, addresses);
}

/**
 * The checksum of an upper-layer message that follows the IPv6 header at once; its own field counts as
 * zero.
 *
 * @param offset - of the IPv6 packet
 * @param length - of the IPv6 packet
 * @param nextHeader - protocol number
 * @param field - offset of the checksum field from the start of the message
 */
export function upperLayerChecksum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  nextHeader: number,
  field: number,
): number {
  const upper = offset + IPV6_HEADER_LENGTH;
  const sum = sumWithPseudoHeader(bytes, offset, upper, offset + length, nextHeader);
  // Taking the field out of a ones-complement sum is adding its complement.
  return ~fold(sum + (0xffff - readUint16(bytes, upper + field))) & 0xffff;
}

/** The checksum of an ICMPv6 packet without extension headers; its own field counts as zero. */
export function icmpv6Checksum(bytes: Uint8Array, offset: number, length: number): number {
  return upperLayerChecksum(bytes, offset, length, NEXT_HEADER_ICMPV6, ICMPV6_CHECKSUM_OFFSET);
}

/** Whether an ICMPv6 packet without extension headers has the right checksum. Does not allocate. */
export function verifyIcmpv6Checksum(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET + 2) return false;
  return verifyUpperLayerChecksum(bytes, offset, length, NEXT_HEADER_ICMPV6);
}

/** @internal Whether the message behind the IPv6 header has the right checksum. */
export function verifyUpperLayerChecksum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  nextHeader: number,
): boolean {
  const upper = offset + IPV6_HEADER_LENGTH;
  return fold(sumWithPseudoHeader(bytes, offset, upper, offset + length, nextHeader)) === 0xffff;
}

/**
 * The checksum after one 16-bit word under it changed (RFC 1624 §3, equation 3).
 *
 * @param checksum - as in the packet
 * @param oldWord - the word before, 16 bits
 * @param newWord - the word now, 16 bits
 */
export function updateChecksum(checksum: number, oldWord: number, newWord: number): number {
  return ~fold((~checksum & 0xffff) + (~oldWord & 0xffff) + newWord) & 0xffff;
}

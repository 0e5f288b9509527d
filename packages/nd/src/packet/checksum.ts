import { readUint16 } from '@6bed4/codec';
import { DESTINATION_OFFSET, IPV6_HEADER_LENGTH, SOURCE_OFFSET } from './constants.js';

/**
 * Adds bytes to a ones-complement sum (RFC 1071 §2). The high and the low halves of 32-bit words are
 * summed apart and folded once at the end: small integers stay the fastest numbers there are.
 *
 * @param offset - of the first byte
 * @param length - bytes; an odd last one counts as the high byte of a word (RFC 1071 §4.1)
 * @param initial - sum so far, 0..2^52; of an even number of bytes
 * @returns a sum of 16 bits
 */
export function sumBytes(bytes: Uint8Array, offset: number, length: number, initial = 0): number {
  const end = offset + length;
  let high = 0;
  let low = 0;
  let at = offset;
  for (const last = end - 4; at <= last; at += 4) {
    high += (bytes[at]! << 8) | bytes[at + 1]!;
    low += (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  if (at + 2 <= end) {
    high += (bytes[at]! << 8) | bytes[at + 1]!;
    at += 2;
  }
  if (at < end) low += bytes[at]! << 8;
  return fold(initial + high + low);
}

/**
 * As {@link sumBytes}, three times as fast from some hundred bytes on, for a buffer that has a
 * DataView already: 16 bytes at a time. The sum does not depend on the order of bytes in a word if
 * that of the result is put right (RFC 1071 §2 (B)), so words are read in the order of most
 * processors.
 *
 * @param length - up to 131,072 bytes; an odd last one counts as the high byte of a word
 * @param initial - sum so far, 0..2^52; of an even number of bytes
 * @returns a sum of 16 bits
 */
export function sumView(view: DataView, offset: number, length: number, initial = 0): number {
  const end = offset + length;
  let at = offset;
  // Two pairs of sums, so that no addition has to wait for the one before. None exceeds 31 bits.
  let high = 0;
  let low = 0;
  let high2 = 0;
  let low2 = 0;
  for (const last = end - 16; at <= last; at += 16) {
    const a = view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    high += (a >>> 16) + (c >>> 16);
    low += (a & 0xffff) + (c & 0xffff);
    high2 += (b >>> 16) + (d >>> 16);
    low2 += (b & 0xffff) + (d & 0xffff);
  }
  for (const last = end - 2; at <= last; at += 2) low += view.getUint16(at, true);
  if (at < end) low += view.getUint8(at);
  const folded = fold(high + low + (high2 + low2));
  return fold(initial + (((folded & 0xff) << 8) | (folded >>> 8)));
}

/**
 * Folds a sum to 16 bits with end-around carry (RFC 1071 §2).
 *
 * @param sum - 0..2^53 − 1
 * @returns 0..65535; 0 only for 0
 */
export function fold(sum: number): number {
  const low = sum >>> 0;
  const high = (sum - low) / 0x1_0000_0000;
  let folded = (low & 0xffff) + (low >>> 16) + (high & 0xffff) + (high >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/**
 * The sum of an upper-layer message in an IPv6 packet with its pseudo-header (RFC 8200 §8.1).
 *
 * @param packet - offset of the IPv6 header
 * @param upper - offset of the upper-layer header
 * @param end - offset behind the last byte
 * @param view - of the same bytes, or null
 */
function sumWithPseudoHeader(
  bytes: Uint8Array,
  packet: number,
  upper: number,
  end: number,
  nextHeader: number,
  view: DataView | null,
): number {
  const addresses = sumBytes(
    bytes,
    packet + SOURCE_OFFSET,
    DESTINATION_OFFSET + 16 - SOURCE_OFFSET,
    end - upper + nextHeader,
  );
  return view === null
    ? sumBytes(bytes, upper, end - upper, addresses)
    : sumView(view, upper, end - upper, addresses);
}

/**
 * The checksum of an upper-layer message that follows the IPv6 header at once, over its pseudo-header
 * too (RFC 8200 §8.1); its own field counts as zero. Does not allocate.
 *
 * @param offset - of the IPv6 packet, which must lie in `bytes` as a whole
 * @param length - of the IPv6 packet
 * @param nextHeader - protocol number
 * @param field - offset of the checksum field from the start of the message, even
 * @param view - of the same bytes, where there is one: that is faster
 * @returns 0..65535
 */
export function upperLayerChecksum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  nextHeader: number,
  field: number,
  view: DataView | null = null,
): number {
  const upper = offset + IPV6_HEADER_LENGTH;
  const sum = sumWithPseudoHeader(bytes, offset, upper, offset + length, nextHeader, view);
  // Taking the field out of a ones-complement sum is adding its complement.
  return ~fold(sum + (0xffff - readUint16(bytes, upper + field))) & 0xffff;
}

/**
 * Whether the message that follows the IPv6 header at once has the right checksum (RFC 8200 §8.1). Does
 * not allocate.
 *
 * @param offset - of the IPv6 packet, which must lie in `bytes` as a whole
 * @param length - of the IPv6 packet
 * @param nextHeader - protocol number
 * @param view - of the same bytes, where there is one: that is faster
 */
export function verifyUpperLayerChecksum(
  bytes: Uint8Array,
  offset: number,
  length: number,
  nextHeader: number,
  view: DataView | null = null,
): boolean {
  const upper = offset + IPV6_HEADER_LENGTH;
  const end = offset + length;
  return fold(sumWithPseudoHeader(bytes, offset, upper, end, nextHeader, view)) === 0xffff;
}

/**
 * The checksum after one 16-bit word under it changed (RFC 1624 §3, equation 3), the same as if it
 * were computed anew. A word is one at an even offset of what is summed.
 *
 * @param checksum - as in the packet, 0..65535
 * @param oldWord - the word before, 0..65535
 * @param newWord - the word now, 0..65535
 * @returns 0..65535
 */
export function updateChecksum(checksum: number, oldWord: number, newWord: number): number {
  return ~fold((~checksum & 0xffff) + (~oldWord & 0xffff) + newWord) & 0xffff;
}

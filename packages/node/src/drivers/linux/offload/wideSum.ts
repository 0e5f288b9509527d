import { fold } from '@6bed4/nd';

/**
 * The ones-complement sum of bytes (RFC 1071), as `sumBytes` of @6bed4/nd computes it, but 16 bytes at
 * a time. The sum does not depend on the order of bytes in a word if that of the result is put right
 * (RFC 1071 §2(B)), so words are read as most computers store them.
 *
 * @param length - up to 65,536 bytes; an odd last one counts as the high byte of a word
 * @returns a sum of 16 bits
 */
export function wideSum(view: DataView, offset: number, length: number): number {
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
  return ((folded & 0xff) << 8) | (folded >>> 8);
}

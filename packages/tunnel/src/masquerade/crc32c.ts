/** The polynomial of CRC32c, the lowest coefficient first (RFC 9260, appendix A). */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ POLYNOMIAL;
  }
  return remainder;
});

/**
 * What the CRC32c of a message changes by when four bytes of it change: the difference depends on nothing else
 * but how many bytes follow, so that a wrong CRC stays wrong and the message need not be there.
 *
 * @param difference - of the bytes, exclusive or, the first one highest
 * @param following - bytes of the message behind them
 * @returns the difference of the CRC, as int32
 */
export function crc32cDifference(difference: number, following: number): number {
  let remainder = 0;
  for (let shift = 24; shift >= 0; shift -= 8) {
    remainder = step(remainder, difference >>> shift);
  }
  for (let index = 0; index < following; index++) remainder = step(remainder, 0);
  return remainder;
}

function step(remainder: number, byte: number): number {
  return TABLE[(remainder ^ byte) & 0xff]! ^ (remainder >>> 8);
}

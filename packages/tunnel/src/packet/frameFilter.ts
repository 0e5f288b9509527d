import { IPV6_HEADER_LENGTH, payloadLength } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { IPV6_NIBBLE, ROHC_LOWEST_NIBBLE } from '../specification.js';

/**
 * Checks every frame before anyone looks at its addresses: one whole IPv6 packet, nothing
 * before and nothing behind it (draft-03 §6, draft-04 §4.2). Checksums of TCP and UDP are left to the
 * destination, which checks them in any case.
 *
 * @param mayBeCompressed - whether frames may have compressed headers here, which nobody reads; only for
 *   one byte at least
 */
export function refuseFrame(
  bytes: Uint8Array,
  offset: number,
  length: number,
  mayBeCompressed: boolean,
): DropCode {
  if (mayBeCompressed && bytes[offset]! >>> 4 >= ROHC_LOWEST_NIBBLE) return Drop.rohc;
  if (length < IPV6_HEADER_LENGTH) return Drop.tooShort;
  if (bytes[offset]! >>> 4 !== IPV6_NIBBLE) return Drop.notIPv6;
  return payloadLength(bytes, offset) + IPV6_HEADER_LENGTH === length &&
    offset + length <= bytes.length
    ? Drop.none
    : Drop.lengthMismatch;
}

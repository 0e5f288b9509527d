import { IPV6_HEADER_LENGTH, payloadLength } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { IPV6_NIBBLE, ROHC_LOWEST_NIBBLE } from '../specification.js';

/**
 * What every frame must be before anyone looks at its addresses: one whole IPv6 packet, nothing
 * before and nothing behind it (draft-03 §6, draft-04 §4.2).
 */
export function refuseFrame(bytes: Uint8Array, offset: number, length: number): DropCode {
  const nibble = length === 0 ? 0 : bytes[offset]! >>> 4;
  if (nibble >= ROHC_LOWEST_NIBBLE) return Drop.rohc;
  if (length < IPV6_HEADER_LENGTH) return Drop.tooShort;
  if (nibble !== IPV6_NIBBLE) return Drop.notIPv6;
  return payloadLength(bytes, offset) + IPV6_HEADER_LENGTH === length
    ? Drop.none
    : Drop.lengthMismatch;
}

import { IPV6_ADDRESS_BYTES } from '@6bed4/codec';

/** The address at `offset` folded into 32 bits, as a key for hash tables and rate limits; a uint32. */
export function addressKey(bytes: Uint8Array, offset: number): number {
  let key = 0;
  for (let at = offset; at < offset + IPV6_ADDRESS_BYTES; at++) {
    key = (Math.imul(key, 31) + bytes[at]!) | 0;
  }
  return key >>> 0;
}

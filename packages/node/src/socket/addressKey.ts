import { hashBytes, IPV6_ADDRESS_BYTES } from '@6bed4/codec';

/** The address at `offset` hashed to int32, as a key for hash tables and rate limits. */
export function addressKey(bytes: Uint8Array, offset: number): number {
  return hashBytes(bytes, offset, offset + IPV6_ADDRESS_BYTES);
}

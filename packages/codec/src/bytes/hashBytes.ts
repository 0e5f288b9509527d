/**
 * Hashes a range of bytes to int32, for keys of small tables and of rate limits. It is
 * known, so anyone can find bytes with the same hash; tables that attackers can fill need a secret. Does not allocate.
 *
 * @param seed - int32 that goes into the hash first
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  let hash = seed | 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return hash;
}

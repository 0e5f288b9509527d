import { isMapped } from './addressBytes.js';

/** Scopes as multicast addresses number them (RFC 4291 §2.7). */
export const LINK_LOCAL_SCOPE = 0x2;
const SITE_LOCAL_SCOPE = 0x5;
const GLOBAL_SCOPE = 0xe;

/** The scope of an address (RFC 6724 §3.1 to §3.4). */
export function scopeOf(bytes: Uint8Array): number {
  if (isMapped(bytes)) {
    const isLocal = bytes[12] === 127 || (bytes[12] === 169 && bytes[13] === 254);
    return isLocal ? LINK_LOCAL_SCOPE : GLOBAL_SCOPE;
  }
  if (bytes[0] === 0xff) return bytes[1]! & 0xf;
  if (bytes[0] === 0xfe) {
    if ((bytes[1]! & 0xc0) === 0x80) return LINK_LOCAL_SCOPE;
    if ((bytes[1]! & 0xc0) === 0xc0) return SITE_LOCAL_SCOPE;
  }
  const isLoopback = bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0);
  return isLoopback ? LINK_LOCAL_SCOPE : GLOBAL_SCOPE;
}

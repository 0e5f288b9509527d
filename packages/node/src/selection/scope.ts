import {
  isIPv4Loopback,
  isIPv4Mapped,
  isIPv6LinkLocal,
  isIPv6Loopback,
  isIPv6Multicast,
  readUint16,
  readUint32,
} from '@6bed4/codec';

/** Scopes as multicast addresses number them (RFC 4291 §2.7). */
const LINK_LOCAL_SCOPE = 0x2;
const SITE_LOCAL_SCOPE = 0x5;
const GLOBAL_SCOPE = 0xe;

const IPV4_OFFSET = 12;
/** 169.254.0.0/16 (RFC 3927). */
const IPV4_LINK_LOCAL = 0xa9fe;

/** The scope of an address (RFC 6724 §3.1 to §3.4). */
export function scopeOf(bytes: Uint8Array): number {
  if (isIPv4Mapped(bytes)) {
    const isLocal =
      isIPv4Loopback(readUint32(bytes, IPV4_OFFSET)) ||
      readUint16(bytes, IPV4_OFFSET) === IPV4_LINK_LOCAL;
    return isLocal ? LINK_LOCAL_SCOPE : GLOBAL_SCOPE;
  }
  if (isIPv6Multicast(bytes)) return bytes[1]! & 0xf;
  if (isIPv6LinkLocal(bytes) || isIPv6Loopback(bytes)) return LINK_LOCAL_SCOPE;
  return isSiteLocal(bytes) ? SITE_LOCAL_SCOPE : GLOBAL_SCOPE;
}

/** Whether the address is of the deprecated fec0::/10 (RFC 3879). */
function isSiteLocal(bytes: Uint8Array): boolean {
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0;
}

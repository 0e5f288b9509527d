import { readInt32 } from '../bytes/bigEndian.js';
import { sameBytes } from '../bytes/sameBytes.js';

/** Bytes of an IPv6 address. */
export const IPV6_ADDRESS_BYTES = 16;

/** Bytes of a subnet prefix, the upper half of an address. */
const SUBNET_PREFIX_BYTES = 8;

/*
 * Predicates on the IPv6 address at `offset`, which must be there as a whole. None allocates.
 */

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    if (bytes[index] !== 0) return false;
  }
  return true;
}

/** Whether the address is the unspecified one, `::` (RFC 4291 §2.5.2). */
export function isIPv6Unspecified(bytes: Uint8Array, offset = 0): boolean {
  return isZero(bytes, offset, offset + IPV6_ADDRESS_BYTES);
}

/** Whether the address is the loopback one, `::1` (RFC 4291 §2.5.3). */
export function isIPv6Loopback(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset + 15] === 1 && isZero(bytes, offset, offset + 15);
}

/** Whether the address is multicast, ff00::/8 (RFC 4291 §2.7). */
export function isIPv6Multicast(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xff;
}

/** Whether the address is multicast of link-local scope, ff02::/16 with any flags (RFC 4291 §2.7). */
export function isIPv6LinkLocalMulticast(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xff && (bytes[offset + 1]! & 0x0f) === 0x02;
}

/** Whether the address is link-local unicast, fe80::/10 (RFC 4291 §2.5.6). */
export function isIPv6LinkLocal(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xfe && (bytes[offset + 1]! & 0xc0) === 0x80;
}

/** Whether the address is IPv4-mapped, ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
export function isIPv4Mapped(bytes: Uint8Array, offset = 0): boolean {
  return readInt32(bytes, offset + 8) === 0x0000_ffff && isZero(bytes, offset, offset + 8);
}

/**
 * Whether packets with the address may travel from node to node: not multicast, not link-local, and
 * not one of ::/80 (unspecified, loopback, IPv4-compatible and IPv4-mapped; RFC 4291 §2.5, §2.7).
 */
export function isIPv6Routable(bytes: Uint8Array, offset = 0): boolean {
  const first = bytes[offset]!;
  if (first === 0xff) return false;
  if (first === 0xfe) return (bytes[offset + 1]! & 0xc0) !== 0x80;
  return !isZero(bytes, offset, offset + 10);
}

/** Whether two addresses are the same 16 bytes. */
export function sameIPv6Address(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): boolean {
  return sameBytes(left, leftOffset, right, rightOffset, IPV6_ADDRESS_BYTES);
}

/** Whether two addresses have the same subnet prefix, the /64 (RFC 4291 §2.5.1). */
export function sameSubnetPrefix(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): boolean {
  return sameBytes(left, leftOffset, right, rightOffset, SUBNET_PREFIX_BYTES);
}

import { readUint16, writeUint16 } from '@6bed4/codec';
import { isInside } from '../packet/bounds.js';
import { upperLayerChecksum, verifyUpperLayerChecksum } from '../packet/checksum.js';
import { IPV6_HEADER_LENGTH, NEXT_HEADER_ICMPV6 } from '../packet/constants.js';
import { ICMPV6_CHECKSUM_OFFSET } from './constants.js';

/*
 * RFC 4443 §2.1:
 *
 *    0                   1                   2                   3
 *   +---------------+---------------+-------------------------------+
 *   |     Type      |     Code      |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   | Message body ...
 */

/** @internal Offset of an ICMPv6 message in a packet without extension headers. */
export const MESSAGE = IPV6_HEADER_LENGTH;
/** @internal Offset of the code in that packet. */
export const CODE = MESSAGE + 1;
/** @internal Offset of the checksum in that packet. */
export const CHECKSUM = MESSAGE + ICMPV6_CHECKSUM_OFFSET;

/**
 * Reads what all ICMPv6 messages have (RFC 4443 §2.1), without allocation. `offset` is that of the
 * IPv6 header, behind which the message must follow at once, with 44 bytes in all.
 */
export const icmpv6View = {
  /** Type, 0..255. */
  type: (bytes: Uint8Array, offset: number): number => bytes[offset + MESSAGE]!,
  /** Code, 0..255. */
  code: (bytes: Uint8Array, offset: number): number => bytes[offset + CODE]!,
  /** Checksum as it stands in the message, 0..65535. */
  checksum: (bytes: Uint8Array, offset: number): number => readUint16(bytes, offset + CHECKSUM),
} as const;

/**
 * The checksum of an ICMPv6 packet without extension headers (RFC 4443 §2.3); its own field counts as
 * zero. Does not allocate.
 *
 * @param offset - of the IPv6 packet, which must lie in `bytes` as a whole
 * @param length - of the IPv6 packet, 44 or more
 * @returns 0..65535
 */
export function icmpv6Checksum(bytes: Uint8Array, offset: number, length: number): number {
  return upperLayerChecksum(bytes, offset, length, NEXT_HEADER_ICMPV6, ICMPV6_CHECKSUM_OFFSET);
}

/**
 * Whether an ICMPv6 packet without extension headers has the right checksum (RFC 4443 §2.3). Does not
 * allocate, throw, or read outside the packet.
 *
 * @param offset - of the IPv6 packet
 * @param length - of the IPv6 packet
 */
export function verifyIcmpv6Checksum(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET + 2) return false;
  if (!isInside(bytes, offset, length)) return false;
  return verifyUpperLayerChecksum(bytes, offset, length, NEXT_HEADER_ICMPV6);
}

/** @internal Writes the checksum of the packet at `offset`, all else being in place. */
export function writeIcmpv6Checksum(out: Uint8Array, offset: number, length: number): void {
  writeUint16(out, offset + CHECKSUM, icmpv6Checksum(out, offset, length));
}

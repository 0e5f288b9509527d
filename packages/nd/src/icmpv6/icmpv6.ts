import { readUint16, writeUint16 } from '../bigEndian.js';
import { icmpv6Checksum } from '../packet/checksum.js';
import { ICMPV6_CHECKSUM_OFFSET, IPV6_HEADER_LENGTH } from '../packet/constants.js';

/*
 * RFC 4443 §2.1:
 *
 *    0                   1                   2                   3
 *   +---------------+---------------+-------------------------------+
 *   |     Type      |     Code      |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   | Message body ...
 */

/** @internal Where an ICMPv6 message starts in a packet without extension headers. */
export const MESSAGE = IPV6_HEADER_LENGTH;
/** @internal Where the code is in that packet. */
export const CODE = MESSAGE + 1;
/** @internal Where the checksum is in that packet. */
export const CHECKSUM = MESSAGE + ICMPV6_CHECKSUM_OFFSET;

/**
 * Reads what all ICMPv6 messages have (RFC 4443 §2.1), without allocation. `offset` is that of the IPv6
 * header, behind which the message must follow at once, with 44 bytes in all.
 */
export const icmpv6View = {
  /** Type, 0..255. */
  type: (bytes: Uint8Array, offset: number): number => bytes[offset + MESSAGE]!,
  /** Code, 0..255. */
  code: (bytes: Uint8Array, offset: number): number => bytes[offset + CODE]!,
  /** Checksum as it stands in the message, 0..65535. */
  checksum: (bytes: Uint8Array, offset: number): number => readUint16(bytes, offset + CHECKSUM),
} as const;

/** @internal Writes the checksum of the packet at `offset`, all else being in place. */
export function writeIcmpv6Checksum(out: Uint8Array, offset: number, length: number): void {
  writeUint16(out, offset + CHECKSUM, icmpv6Checksum(out, offset, length));
}

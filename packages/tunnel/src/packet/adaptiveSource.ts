import { type AddressLayout, readUint16, type UdpEndpoint, writeUint16 } from '@6bed4/codec';
import {
  DCCP_CHECKSUM_OFFSET,
  findUpperLayer,
  ICMPV6_CHECKSUM_OFFSET,
  NEXT_HEADER_DCCP,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  NEXT_HEADER_UDP_LITE,
  SOURCE_OFFSET,
  TCP_CHECKSUM_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_LITE_CHECKSUM_OFFSET,
  updateChecksum,
} from '@6bed4/nd';

const LOWER_HALF = SOURCE_OFFSET + 8;
const LOWER_HALF_WORDS = 4;

/** Offset of the checksum in the headers whose checksum covers the addresses. */
const CHECKSUM_OFFSETS: Readonly<Record<number, number>> = {
  [NEXT_HEADER_TCP]: TCP_CHECKSUM_OFFSET,
  [NEXT_HEADER_UDP]: UDP_CHECKSUM_OFFSET,
  [NEXT_HEADER_DCCP]: DCCP_CHECKSUM_OFFSET,
  [NEXT_HEADER_ICMPV6]: ICMPV6_CHECKSUM_OFFSET,
  [NEXT_HEADER_UDP_LITE]: UDP_LITE_CHECKSUM_OFFSET,
};
/** The other form of a checksum of zero. */
const NEGATIVE_ZERO = 0xffff;

/**
 * Writes another endpoint into the source of a packet, keeping lanip and /64, and updates
 * the checksum of the upper layer (draft-04 §7.8).
 *
 * @returns false, with nothing changed, where the checksum cannot be found
 */
export function adaptSource(
  layout: AddressLayout,
  bytes: Uint8Array,
  offset: number,
  length: number,
  endpoint: Readonly<UdpEndpoint>,
): boolean {
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return false;
  const field = CHECKSUM_OFFSETS[upper.nextHeader];
  const at = field === undefined ? -1 : upper.offset + field;
  if (at + 2 > offset + length) return false;
  let checksum = at < 0 ? 0 : readUint16(bytes, at);
  const start = offset + LOWER_HALF;
  const before = bytes.slice(start, start + 2 * LOWER_HALF_WORDS);
  const lanip = layout.readLanip(bytes, offset + SOURCE_OFFSET);
  layout.writeUnchecked(bytes, offset + SOURCE_OFFSET, endpoint.address, endpoint.port, lanip);
  if (at < 0) return true;
  for (let index = 0; index < LOWER_HALF_WORDS; index++) {
    checksum = updateChecksum(
      checksum,
      readUint16(before, 2 * index),
      readUint16(bytes, start + 2 * index),
    );
  }
  // A UDP checksum of zero would mean that there is none (RFC 8200 §8.1).
  if (checksum === 0 && upper.nextHeader === NEXT_HEADER_UDP) checksum = NEGATIVE_ZERO;
  writeUint16(bytes, at, checksum);
  return true;
}

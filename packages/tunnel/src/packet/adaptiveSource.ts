import type { AddressLayout, UdpEndpoint } from '@6bed4/codec';
import { findUpperLayer, SOURCE_OFFSET, updateChecksum } from '@6bed4/nd';

const LOWER_HALF = SOURCE_OFFSET + 8;
const LOWER_HALF_WORDS = 4;

/** Where the checksum is in the headers whose checksum covers the addresses. */
const CHECKSUM_OFFSETS: Readonly<Record<number, number>> = {
  6: 16, // TCP
  17: 6, // UDP
  33: 6, // DCCP
  58: 2, // ICMPv6
  136: 6, // UDP-Lite
};
const UDP = 17;
const NO_CHECKSUM = 0xffff;

/**
 * Writes another endpoint into the source of a packet, lanip and /64 staying as they are, and mends the
 * checksum of the upper layer (draft-04 §7.8).
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
  let checksum = at < 0 ? 0 : word(bytes, at);
  const start = offset + LOWER_HALF;
  const before = bytes.slice(start, start + 2 * LOWER_HALF_WORDS);
  const lanip = layout.readLanip(bytes, offset + SOURCE_OFFSET);
  layout.writeUnchecked(bytes, offset + SOURCE_OFFSET, endpoint.address, endpoint.port, lanip);
  if (at < 0) return true;
  for (let index = 0; index < LOWER_HALF_WORDS; index++) {
    checksum = updateChecksum(checksum, word(before, 2 * index), word(bytes, start + 2 * index));
  }
  // A UDP checksum of zero would mean that there is none (RFC 8200 §8.1).
  if (checksum === 0 && upper.nextHeader === UDP) checksum = NO_CHECKSUM;
  bytes[at] = checksum >>> 8;
  bytes[at + 1] = checksum;
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

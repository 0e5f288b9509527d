import { HOP_LIMIT_OFFSET, IPV6_HEADER_LENGTH, SOURCE_OFFSET } from '@6bed4/nd';

/** Packets of a run: all of `size` bytes but the last, which may be shorter. */
export function packetsIn(length: number, size: number): number {
  return Math.ceil(length / size);
}

/** Whether the source of the packet before a run is still that of the run; otherwise it was adapted. */
export function keepsSource(bytes: Uint8Array, offset: number, size: number): boolean {
  const end = offset + SOURCE_OFFSET + 16;
  for (let at = offset + SOURCE_OFFSET; at < end; at++) {
    if (bytes[at] !== bytes[at - size]) return false;
  }
  return true;
}

/**
 * Gives the packets of a run the hop limit that the machine gave the packet before them, and the part of the
 * traffic class that speaks of peering (draft-04 §6).
 *
 * @param offset - of the run
 * @param length - of the run
 */
export function followHeader(
  bytes: Uint8Array,
  offset: number,
  length: number,
  size: number,
): void {
  const first = bytes[offset - size]!;
  const hopLimit = bytes[offset - size + HOP_LIMIT_OFFSET]!;
  const last = offset + length - IPV6_HEADER_LENGTH;
  for (let at = offset; at <= last; at += size) {
    bytes[at] = first;
    bytes[at + HOP_LIMIT_OFFSET] = hopLimit;
  }
}

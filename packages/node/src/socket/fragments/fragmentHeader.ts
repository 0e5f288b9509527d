import { readUint16, readUint32, writeUint16, writeUint32 } from '@6bed4/codec';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_OFFSET,
} from '@6bed4/nd';

/*
 * RFC 8200 §4.5:
 *
 *   +---------------+---------------+--------------------------+--+-+
 *   |  Next header  |   Reserved    |     Fragment offset      |  |M|
 *   +---------------+---------------+--------------------------+--+-+
 *   |                        Identification                         |
 *   +---------------------------------------------------------------+
 */

/** Bytes of a fragment header, and the unit of offsets. */
export const FRAGMENT_HEADER_LENGTH = 8;
/** Upper bound of what follows the IPv6 header of a reassembled packet, in bytes. */
export const MAX_REASSEMBLED_PAYLOAD = 0xffff;
const OFFSET_AND_FLAGS = 2;
const IDENTIFICATION = 4;
const MORE_FRAGMENTS = 1;
const OFFSET_MASK = 0xfff8;

/** Reads fields of the fragment header at `at`. */
export const fragmentAt = {
  nextHeader: (bytes: Uint8Array, at: number): number => bytes[at]!,
  /** In bytes from the start of the fragmentable part, a multiple of 8. */
  offset: (bytes: Uint8Array, at: number): number =>
    readUint16(bytes, at + OFFSET_AND_FLAGS) & OFFSET_MASK,
  hasMore: (bytes: Uint8Array, at: number): boolean =>
    (bytes[at + OFFSET_AND_FLAGS + 1]! & MORE_FRAGMENTS) !== 0,
  identification: (bytes: Uint8Array, at: number): number => readUint32(bytes, at + IDENTIFICATION),
} as const;

/** Writes a fragment header at `at`. */
export function writeFragmentHeader(
  bytes: Uint8Array,
  at: number,
  nextHeader: number,
  offset: number,
  hasMore: boolean,
  identification: number,
): void {
  bytes[at] = nextHeader;
  bytes[at + 1] = 0;
  writeUint16(bytes, at + OFFSET_AND_FLAGS, offset | (hasMore ? MORE_FRAGMENTS : 0));
  writeUint32(bytes, at + IDENTIFICATION, identification);
}

/**
 * Finds the fragment header of a packet, behind hop-by-hop and destination options if there are any.
 * Neither allocates nor reads outside the packet.
 *
 * @returns the offset in `bytes` of the field that announces it, whose value is 44; -1 when there is none
 */
export function findFragmentAnnouncement(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const end = offset + length;
  let field = offset + NEXT_HEADER_OFFSET;
  let at = offset + IPV6_HEADER_LENGTH;
  for (;;) {
    if (at + FRAGMENT_HEADER_LENGTH > end) return -1;
    const next = bytes[field]!;
    if (next === NEXT_HEADER_FRAGMENT) return field;
    if (next !== NEXT_HEADER_HOP_BY_HOP && next !== NEXT_HEADER_DESTINATION_OPTIONS) return -1;
    field = at;
    at += (bytes[at + 1]! + 1) * FRAGMENT_HEADER_LENGTH;
  }
}

/** The offset of the header that a field found by {@link findFragmentAnnouncement} announces. */
export function announcedHeader(bytes: Uint8Array, offset: number, field: number): number {
  if (field === offset + NEXT_HEADER_OFFSET) return offset + IPV6_HEADER_LENGTH;
  return field + (bytes[field + 1]! + 1) * FRAGMENT_HEADER_LENGTH;
}

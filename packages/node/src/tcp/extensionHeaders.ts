import { copyBytes, IPV6_HEADER_LENGTH, NEXT_HEADER_OFFSET, NEXT_HEADER_TCP } from '@6bed4/nd';

/** Offset of the 16 bits of the payload length (RFC 8200 §3). */
const PAYLOAD_LENGTH_OFFSET = 4;

/**
 * A copy of a packet with a TCP segment, without the headers between.
 *
 * @param upper - offset of the segment
 */
export function withoutExtensionHeaders(
  bytes: Uint8Array,
  offset: number,
  length: number,
  upper: number,
): Uint8Array {
  const size = offset + length - upper;
  const packet = new Uint8Array(IPV6_HEADER_LENGTH + size);
  packet.set(copyBytes(bytes, offset, offset + IPV6_HEADER_LENGTH));
  packet.set(copyBytes(bytes, upper, upper + size), IPV6_HEADER_LENGTH);
  packet[NEXT_HEADER_OFFSET] = NEXT_HEADER_TCP;
  packet[PAYLOAD_LENGTH_OFFSET] = size >>> 8;
  packet[PAYLOAD_LENGTH_OFFSET + 1] = size & 255;
  return packet;
}

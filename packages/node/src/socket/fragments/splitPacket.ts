import { writeUint16 } from '@6bed4/codec';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_OFFSET,
  PAYLOAD_LENGTH_OFFSET,
} from '@6bed4/nd';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import type { PacketBuffer } from '../udpPacket.js';
import { FRAGMENT_HEADER_LENGTH, writeFragmentHeader } from './fragmentHeader.js';

const HEADERS = IPV6_HEADER_LENGTH + FRAGMENT_HEADER_LENGTH;
/** Bytes of a packet that a fragment carries, a multiple of 8. */
const FRAGMENT_PAYLOAD = TUNNEL_MTU - HEADERS - ((TUNNEL_MTU - HEADERS) % FRAGMENT_HEADER_LENGTH);
const IDENTIFICATIONS = 0x1_0000_0000;

/**
 * Splits a packet without extension headers into fragments that fit into the tunnel (RFC 8200 §4.5).
 *
 * @param random - unpredictable numbers in [0, 1), for the identification (RFC 7739 §5.2)
 * @param out - a buffer for each fragment in turn
 * @param send - takes what is in the buffer; anything but null is a failure and ends the splitting
 * @returns the failure, or null
 */
export function splitPacket<T>(
  packet: Uint8Array,
  random: () => number,
  out: PacketBuffer,
  send: () => T | null,
): T | null {
  const identification = Math.floor(random() * IDENTIFICATIONS);
  const { bytes } = out;
  for (let at = IPV6_HEADER_LENGTH; at < packet.length; at += FRAGMENT_PAYLOAD) {
    const end = Math.min(at + FRAGMENT_PAYLOAD, packet.length);
    // The peer that takes a fragment may change it in place.
    bytes.set(packet.subarray(0, IPV6_HEADER_LENGTH));
    writeUint16(bytes, PAYLOAD_LENGTH_OFFSET, FRAGMENT_HEADER_LENGTH + end - at);
    bytes[NEXT_HEADER_OFFSET] = NEXT_HEADER_FRAGMENT;
    writeFragmentHeader(
      bytes,
      IPV6_HEADER_LENGTH,
      packet[NEXT_HEADER_OFFSET]!,
      at - IPV6_HEADER_LENGTH,
      end < packet.length,
      identification,
    );
    bytes.set(packet.subarray(at, end), HEADERS);
    out.length = HEADERS + end - at;
    const failure = send();
    if (failure !== null) return failure;
  }
  return null;
}

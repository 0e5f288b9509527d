import {
  fold,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_UDP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  sumBytes,
} from '@6bed4/nd';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { readUint16, writeUint16 } from './bytes.js';
import { sumWords } from './wordSum.js';

/*
 * RFC 768:
 *
 *   +-------------------------------+-------------------------------+
 *   |          Source port          |       Destination port        |
 *   +-------------------------------+-------------------------------+
 *   |            Length             |           Checksum            |
 *   +-------------------------------+-------------------------------+
 */
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
export const UDP_HEADER_LENGTH = 8;
const ADDRESS_BYTES = 16;
/** Offset of the destination in an {@link AddressPair}. */
export const PAIR_DESTINATION = ADDRESS_BYTES;
const VERSION_6 = 0x60;
/** Lower bound of bytes for which a view of words saves more than it costs. */
const MIN_BYTES_FOR_WORDS = 256;
/** Extension headers count in units of 8 bytes, the first of which does not count (RFC 8200 §4.3). */
const EXTENSION_UNIT = 8;

/** Offset of the payload in a packet that is written here. */
export const PAYLOAD_OFFSET = IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH;
/** Upper bound of the payload of one packet of the tunnel, in bytes. */
export const MAX_PAYLOAD = TUNNEL_MTU - PAYLOAD_OFFSET;

/** Source and destination of packets, with their part of the checksum. */
export class AddressPair {
  /** Source and destination as they stand in a packet, 32 bytes. */
  readonly bytes = new Uint8Array(2 * ADDRESS_BYTES);
  /** The ones-complement sum of both addresses. */
  readonly sum: number;

  /** Each 16 bytes. */
  constructor(source: Uint8Array, destination: Uint8Array) {
    this.bytes.set(source);
    this.bytes.set(destination, ADDRESS_BYTES);
    this.sum = sumBytes(this.bytes, 0, 2 * ADDRESS_BYTES);
  }
}

/**
 * Writes IPv6 and UDP headers before a payload that is in the buffer already, and sets the length of the
 * packet. Traffic class and flow label are 0.
 *
 * @param payload - bytes at {@link PAYLOAD_OFFSET}
 */
export function writeUdpHeaders(
  buffer: PacketBuffer,
  { bytes, sum }: AddressPair,
  sourcePort: number,
  destinationPort: number,
  hopLimit: number,
  payload: number,
): void {
  const { bytes: packet, words } = buffer;
  const length = UDP_HEADER_LENGTH + payload;
  packet[0] = VERSION_6;
  packet[1] = 0;
  packet[2] = 0;
  packet[3] = 0;
  writeUint16(packet, PAYLOAD_LENGTH_OFFSET, length);
  packet[NEXT_HEADER_OFFSET] = NEXT_HEADER_UDP;
  packet[HOP_LIMIT_OFFSET] = hopLimit;
  for (let index = 0; index < 2 * ADDRESS_BYTES; index++) {
    packet[SOURCE_OFFSET + index] = bytes[index]!;
  }
  const udp = IPV6_HEADER_LENGTH;
  writeUint16(packet, udp + SOURCE_PORT, sourcePort);
  writeUint16(packet, udp + DESTINATION_PORT, destinationPort);
  writeUint16(packet, udp + LENGTH, length);
  writeUint16(packet, udp + CHECKSUM, 0);
  const end = PAYLOAD_OFFSET + payload;
  // An odd end counts as if zeroes followed (RFC 1071 §4.1); what follows in the buffer is stale.
  for (let at = end; at & 3; at++) packet[at] = 0;
  const message = sumWords(words, udp >>> 2, (end + 3) >>> 2);
  const checksum = ~fold(sum + length + NEXT_HEADER_UDP + message) & 0xffff;
  // A checksum of zero would say "none", so it travels as its other form (RFC 8200 §8.1).
  writeUint16(packet, udp + CHECKSUM, checksum === 0 ? 0xffff : checksum);
  buffer.length = end;
}

/**
 * Finds the UDP header in a whole IPv6 packet, behind hop-by-hop and destination options if there are
 * any. Never reads outside the packet.
 *
 * @returns its place in the buffer; -1 when the packet is not UDP, is a fragment, or has headers that
 *   an end node has to act on
 */
export function findUdp(bytes: Uint8Array, offset: number, length: number): number {
  const end = offset + length;
  let next = bytes[offset + NEXT_HEADER_OFFSET]!;
  let at = offset + IPV6_HEADER_LENGTH;
  while (next !== NEXT_HEADER_UDP) {
    if (next !== NEXT_HEADER_HOP_BY_HOP && next !== NEXT_HEADER_DESTINATION_OPTIONS) return -1;
    if (at + EXTENSION_UNIT > end) return -1;
    next = bytes[at]!;
    at += (bytes[at + 1]! + 1) * EXTENSION_UNIT;
  }
  return at + UDP_HEADER_LENGTH <= end ? at : -1;
}

/** A buffer for one packet that is written here. */
export class PacketBuffer {
  readonly bytes: Uint8Array = new Uint8Array(TUNNEL_MTU);
  /** The same memory as words in the byte order of this computer. */
  readonly words: Int32Array = new Int32Array(this.bytes.buffer);
  /** Bytes of the packet. */
  length = 0;
}

/** Checks length and checksum of a UDP datagram (RFC 8200 §8.1); null when both are right. */
export function refuseUdp(
  bytes: Uint8Array,
  offset: number,
  length: number,
  udp: number,
): 'bad-length' | 'bad-checksum' | null {
  const size = offset + length - udp;
  if (readUint16(bytes, udp + LENGTH) !== size) return 'bad-length';
  if (readUint16(bytes, udp + CHECKSUM) === 0) return 'bad-checksum';
  const pseudo = size + NEXT_HEADER_UDP;
  // Without extension headers, all that is summed lies in one piece.
  const isOnePiece = udp === offset + IPV6_HEADER_LENGTH;
  const sum = isOnePiece
    ? sumRange(bytes, offset + SOURCE_OFFSET, offset + length, pseudo)
    : sumRange(
        bytes,
        udp,
        offset + length,
        sumBytes(bytes, offset + SOURCE_OFFSET, 2 * ADDRESS_BYTES, pseudo),
      );
  return sum === 0xffff ? null : 'bad-checksum';
}

/** Adds a range of bytes to a ones-complement sum, by words where they are aligned. */
function sumRange(bytes: Uint8Array, start: number, end: number, initial: number): number {
  const place = bytes.byteOffset + start;
  const count = end - start;
  if ((place & 3) !== 0 || count < MIN_BYTES_FOR_WORDS)
    return sumBytes(bytes, start, count, initial);
  const words = count >>> 2;
  const sum = sumWords(new Int32Array(bytes.buffer, place, words), 0, words);
  const rest = start + words * 4;
  return sumBytes(bytes, rest, end - rest, initial + sum);
}

/** Reads fields of the UDP header that {@link findUdp} found. */
export const udpAt = {
  sourcePort: (bytes: Uint8Array, udp: number): number => readUint16(bytes, udp + SOURCE_PORT),
  destinationPort: (bytes: Uint8Array, udp: number): number =>
    readUint16(bytes, udp + DESTINATION_PORT),
} as const;

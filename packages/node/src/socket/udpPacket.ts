import { IPV6_ADDRESS_BYTES, readUint16, writeUint16 } from '@6bed4/codec';
import {
  DESTINATION_PORT_OFFSET,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_UDP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  SOURCE_PORT_OFFSET,
  sumBytes,
  sumView,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { ScriptSummedBytes, type SummedBytes } from '../drivers/ports/summedBytes.js';

/** Offset of the destination in an {@link AddressPair}. */
export const PAIR_DESTINATION = IPV6_ADDRESS_BYTES;
const PAIR_BYTES = 2 * IPV6_ADDRESS_BYTES;
const VERSION_6 = 0x60;
/** Lower bound of bytes for which a new DataView saves more than it costs. */
const MIN_BYTES_FOR_VIEW = 400;

/** Offset of the payload in a packet that is written here. */
export const PAYLOAD_OFFSET = IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH;
/** Upper bound of the payload of one packet of the tunnel, in bytes. */
export const MAX_PACKET_PAYLOAD = TUNNEL_MTU - PAYLOAD_OFFSET;
/** Upper bound of the payload of a datagram, in bytes: that of UDP (RFC 768). */
export const MAX_PAYLOAD = 0xffff - UDP_HEADER_LENGTH;

/** Source and destination of packets, with their part of the checksum. */
export class AddressPair {
  /** Source and destination as they stand in a packet, 32 bytes. */
  readonly bytes = new Uint8Array(PAIR_BYTES);
  /** The ones-complement sum of both addresses. */
  readonly sum: number;

  /** Each 16 bytes. */
  constructor(source: Uint8Array, destination: Uint8Array) {
    this.bytes.set(source);
    this.bytes.set(destination, PAIR_DESTINATION);
    this.sum = sumBytes(this.bytes, 0, PAIR_BYTES);
  }
}

/** A buffer for one packet that is written here. */
export class PacketBuffer {
  readonly bytes: Uint8Array;
  /** Bytes of the packet. */
  length = 0;
  readonly #memory: SummedBytes;

  /** @param memory - with room for the packet */
  constructor(memory: SummedBytes = new ScriptSummedBytes(TUNNEL_MTU)) {
    this.#memory = memory;
    this.bytes = memory.bytes;
  }

  /** As {@link SummedBytes.sum}. */
  sum(at: number, length: number, initial: number): number {
    return this.#memory.sum(at, length, initial);
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
  const { bytes: packet } = buffer;
  const length = UDP_HEADER_LENGTH + payload;
  packet[0] = VERSION_6;
  packet[1] = 0;
  packet[2] = 0;
  packet[3] = 0;
  writeUint16(packet, PAYLOAD_LENGTH_OFFSET, length);
  packet[NEXT_HEADER_OFFSET] = NEXT_HEADER_UDP;
  packet[HOP_LIMIT_OFFSET] = hopLimit;
  for (let index = 0; index < PAIR_BYTES; index++) {
    packet[SOURCE_OFFSET + index] = bytes[index]!;
  }
  const udp = IPV6_HEADER_LENGTH;
  writeUint16(packet, udp + SOURCE_PORT_OFFSET, sourcePort);
  writeUint16(packet, udp + DESTINATION_PORT_OFFSET, destinationPort);
  writeUint16(packet, udp + UDP_LENGTH_OFFSET, length);
  writeUint16(packet, udp + UDP_CHECKSUM_OFFSET, 0);
  const checksum = ~buffer.sum(udp, length, sum + length + NEXT_HEADER_UDP) & 0xffff;
  // A checksum of zero would say "none", so it travels as its other form (RFC 8200 §8.1).
  writeUint16(packet, udp + UDP_CHECKSUM_OFFSET, checksum === 0 ? 0xffff : checksum);
  buffer.length = PAYLOAD_OFFSET + payload;
}

/**
 * Checks length and checksum of a UDP datagram (RFC 8200 §8.1); null when both are right.
 *
 * @param memory - where it probably is
 */
export function refuseUdp(
  bytes: Uint8Array,
  offset: number,
  length: number,
  udp: number,
  memory: SummedBytes | null = null,
): 'bad-length' | 'bad-checksum' | null {
  const size = offset + length - udp;
  if (readUint16(bytes, udp + UDP_LENGTH_OFFSET) !== size) return 'bad-length';
  if (readUint16(bytes, udp + UDP_CHECKSUM_OFFSET) === 0) return 'bad-checksum';
  const addresses = sumBytes(bytes, offset + SOURCE_OFFSET, PAIR_BYTES, size + NEXT_HEADER_UDP);
  const sum =
    bytes === memory?.bytes
      ? memory.sum(udp, size, addresses)
      : sumRange(bytes, udp, size, addresses);
  return sum === 0xffff ? null : 'bad-checksum';
}

/** Adds bytes to a ones-complement sum, in the way that is faster for so many. */
function sumRange(bytes: Uint8Array, offset: number, length: number, initial: number): number {
  if (length < MIN_BYTES_FOR_VIEW) return sumBytes(bytes, offset, length, initial);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  return sumView(view, 0, length, initial);
}

/** Reads fields of the UDP header at the offset `udp`. */
export const udpAt = {
  sourcePort: (bytes: Uint8Array, udp: number): number =>
    readUint16(bytes, udp + SOURCE_PORT_OFFSET),
  destinationPort: (bytes: Uint8Array, udp: number): number =>
    readUint16(bytes, udp + DESTINATION_PORT_OFFSET),
} as const;

import { checkPort, readUint16, writeUint16 } from '@6bed4/codec';
import { upperLayerChecksum, verifyUpperLayerChecksum } from './checksum.js';
import {
  DEFAULT_HOP_LIMIT,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_UDP,
} from './constants.js';
import { copyBytes } from './copy.js';
import { destinationAddress, isWholePacket, sourceAddress, writeIPv6Header } from './ipv6.js';
import { checkRoom, type ParseResult, refuse } from './result.js';
import {
  DESTINATION_PORT_OFFSET,
  SOURCE_PORT_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from './transport.js';

/*
 * RFC 768:
 *
 *   +-------------------------------+-------------------------------+
 *   |          Source port          |       Destination port        |
 *   +-------------------------------+-------------------------------+
 *   |            Length             |           Checksum            |
 *   +-------------------------------+-------------------------------+
 */
const UDP = IPV6_HEADER_LENGTH;
const SOURCE_PORT = UDP + SOURCE_PORT_OFFSET;
const DESTINATION_PORT = UDP + DESTINATION_PORT_OFFSET;
const LENGTH = UDP + UDP_LENGTH_OFFSET;
const CHECKSUM = UDP + UDP_CHECKSUM_OFFSET;
const PAYLOAD = UDP + UDP_HEADER_LENGTH;
const SECTION = 'RFC 768';

/** A UDP datagram over IPv6 (RFC 768). */
export interface UdpDatagram {
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** 0..65535. */
  readonly sourcePort: number;
  /** 0..65535. */
  readonly destinationPort: number;
  /** 0..65527 bytes. */
  readonly payload: Uint8Array;
}

/**
 * Reads the fields of a UDP datagram where they lie (RFC 768), without allocation, in a packet at
 * `offset` that {@link parseUdp} accepts.
 */
export const udpView = {
  /** 0..65535. */
  sourcePort: (bytes: Uint8Array, offset: number): number =>
    readUint16(bytes, offset + SOURCE_PORT),
  /** 0..65535. */
  destinationPort: (bytes: Uint8Array, offset: number): number =>
    readUint16(bytes, offset + DESTINATION_PORT),
  /** Where the payload starts, in the buffer. */
  payloadOffset: (offset: number): number => offset + PAYLOAD,
} as const;

/**
 * Parses a whole IPv6 packet without extension headers as UDP (RFC 768). Addresses and payload are
 * copies. Never throws, nor reads outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function parseUdp(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<UdpDatagram> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_UDP) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (length < PAYLOAD) return refuse('too-short', length, SECTION);
  if (readUint16(bytes, offset + LENGTH) !== length - UDP) {
    return refuse('bad-length', LENGTH, SECTION);
  }
  // "Unlike IPv4, the default behavior when UDP packets are originated by an IPv6 node is that the
  // UDP checksum is not optional."
  if (
    readUint16(bytes, offset + CHECKSUM) === 0 ||
    !verifyUpperLayerChecksum(bytes, offset, length, NEXT_HEADER_UDP)
  ) {
    return refuse('bad-checksum', CHECKSUM, 'RFC 8200 §8.1');
  }
  return {
    ok: true,
    value: {
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      sourcePort: udpView.sourcePort(bytes, offset),
      destinationPort: udpView.destinationPort(bytes, offset),
      payload: copyBytes(bytes, offset + PAYLOAD, offset + length),
    },
  };
}

/**
 * Builds the IPv6 packet of a UDP datagram (RFC 768), with its checksum.
 *
 * @param datagram - with a hop limit, 0..255, default 64
 * @throws InvalidArgumentError naming the field that cannot be expressed
 */
export function buildUdp(datagram: UdpDatagram & { readonly hopLimit?: number }): Uint8Array {
  const out = new Uint8Array(PAYLOAD + datagram.payload.length);
  writeUdp(out, 0, datagram);
  return out;
}

/**
 * Writes what {@link buildUdp} builds into a buffer at `offset`, over whatever was there.
 *
 * @param datagram - with a hop limit, 0..255, default 64
 * @returns bytes written
 * @throws InvalidArgumentError naming the field that cannot be expressed, or `out` when there is no room
 */
export function writeUdp(
  out: Uint8Array,
  offset: number,
  datagram: UdpDatagram & { readonly hopLimit?: number },
): number {
  const length = PAYLOAD + datagram.payload.length;
  const sourcePort = checkPort('sourcePort', datagram.sourcePort);
  const destinationPort = checkPort('destinationPort', datagram.destinationPort);
  checkRoom(out, offset, length);
  writeIPv6Header(out, offset, {
    payloadLength: length - UDP,
    nextHeader: NEXT_HEADER_UDP,
    hopLimit: datagram.hopLimit ?? DEFAULT_HOP_LIMIT,
    source: datagram.source,
    destination: datagram.destination,
  });
  writeUint16(out, offset + SOURCE_PORT, sourcePort);
  writeUint16(out, offset + DESTINATION_PORT, destinationPort);
  writeUint16(out, offset + LENGTH, length - UDP);
  out.set(datagram.payload, offset + PAYLOAD);
  // A checksum of zero would say "none", so it travels as its other form (RFC 8200 §8.1).
  const checksum = upperLayerChecksum(out, offset, length, NEXT_HEADER_UDP, UDP_CHECKSUM_OFFSET);
  writeUint16(out, offset + CHECKSUM, checksum || 0xffff);
  return length;
}

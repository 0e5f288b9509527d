import { readUint16, writeUint16 } from './bigEndian.js';
import { upperLayerChecksum, verifyUpperLayerChecksum } from './checksum.js';
import { IPV6_HEADER_LENGTH, NEXT_HEADER_OFFSET, NEXT_HEADER_UDP } from './constants.js';
import { destinationAddress, isWholePacket, sourceAddress, writeIPv6Header } from './ipv6.js';
import { checkRange, type ParseResult, refuse } from './result.js';

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
const UDP_HEADER_LENGTH = 8;
const CHECKSUM = 6;
const DEFAULT_HOP_LIMIT = 64;
const SECTION = 'RFC 8200 §8.1';

/** A UDP datagram over IPv6. */
export interface UdpDatagram {
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** 0..65535. */
  readonly sourcePort: number;
  /** 0..65535. */
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Parses a whole IPv6 packet without extension headers as UDP. Never throws. */
export function parseUdp(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<UdpDatagram> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_UDP) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (
    length < UDP + UDP_HEADER_LENGTH ||
    readUint16(bytes, offset + UDP + 4) !== length - IPV6_HEADER_LENGTH
  ) {
    return refuse('too-short', UDP + 4, SECTION);
  }
  // Over IPv6 the checksum is not optional.
  if (
    readUint16(bytes, offset + UDP + CHECKSUM) === 0 ||
    !verifyUpperLayerChecksum(bytes, offset, length, NEXT_HEADER_UDP)
  ) {
    return refuse('bad-checksum', UDP + CHECKSUM, SECTION);
  }
  return {
    ok: true,
    value: {
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      sourcePort: readUint16(bytes, offset + UDP),
      destinationPort: readUint16(bytes, offset + UDP + 2),
      payload: bytes.slice(offset + UDP + UDP_HEADER_LENGTH, offset + length),
    },
  };
}

/**
 * Builds the IPv6 packet of a UDP datagram.
 *
 * @param datagram - with a hop limit, 0..255, default 64
 * @throws NdBuildError naming the field that cannot be expressed
 */
export function buildUdp(datagram: UdpDatagram & { readonly hopLimit?: number }): Uint8Array {
  const length = UDP + UDP_HEADER_LENGTH + datagram.payload.length;
  const out = new Uint8Array(length);
  writeIPv6Header(out, 0, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_UDP,
    hopLimit: datagram.hopLimit ?? DEFAULT_HOP_LIMIT,
    source: datagram.source,
    destination: datagram.destination,
  });
  writeUint16(out, UDP, checkRange('sourcePort', datagram.sourcePort, 0xffff));
  writeUint16(out, UDP + 2, checkRange('destinationPort', datagram.destinationPort, 0xffff));
  writeUint16(out, UDP + 4, length - IPV6_HEADER_LENGTH);
  out.set(datagram.payload, UDP + UDP_HEADER_LENGTH);
  // A checksum of zero would say "none", so it travels as its other form (RFC 8200 §8.1).
  writeUint16(
    out,
    UDP + CHECKSUM,
    upperLayerChecksum(out, 0, length, NEXT_HEADER_UDP, CHECKSUM) || 0xffff,
  );
  return out;
}

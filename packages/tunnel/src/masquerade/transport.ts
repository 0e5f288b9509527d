import { readUint16, writeUint16 } from '@6bed4/codec';
import {
  DESTINATION_PORT_OFFSET,
  fold,
  ICMPV6_CHECKSUM_OFFSET,
  ICMPV6_FIRST_INFORMATIONAL,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_SCTP,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  nextHeader,
  payloadLength,
  SCTP_HEADER_LENGTH,
  SOURCE_PORT_OFFSET,
  TCP_CHECKSUM_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import { TUNNEL_MTU } from '../specification.js';
import { crc32cDifference } from './crc32c.js';

/** The place of what a packet does not have. */
const NONE = -1;
const HEADER_UNIT = 8;
/** Both ports of SCTP in UDP (RFC 6951 §3.1). */
const SCTP_TUNNELING_PORT = 9899;
const PORT_LENGTH = 2;
const SCTP_CHECKSUM_OFFSET = 8;
/** The flag of a fragment header that says that more follow (RFC 8200 §4.5). */
const MORE_FRAGMENTS = 1;
/** The other form of a checksum of zero. */
const NEGATIVE_ZERO = 0xffff;

/**
 * The places in a packet where ports and checksums stand; one object for one packet after the other. Behind other
 * extension headers than options and a fragment header there are none: a routing header names another
 * destination, and authentication covers the addresses.
 */
export class Transport {
  /** The protocol number that rules go by: SCTP also where that is in UDP (RFC 6951). */
  protocol: number = NONE;
  /** Of the fragment header, or -1. */
  fragment: number = NONE;
  /** Whether this is a fragment but the first, which has neither ports nor checksum. */
  isLater = false;
  /** Whether further fragments follow. */
  hasMore = false;
  /** Of the ICMPv6 message, or -1. */
  message: number = NONE;

  #ports: number = NONE;
  /** Of the ones-complement checksum over the addresses, or -1. */
  #checksum: number = NONE;
  #isUdp = false;
  /** Of the SCTP header, and the length of the SCTP packet; -1 where either is not known. */
  #sctp: number = NONE;
  #sctpLength: number = NONE;
  #end = 0;

  /**
   * Finds them.
   *
   * @param packet - offset of the IPv6 header, which must be there as a whole
   * @param end - behind the last byte that is there; a quoted packet may be cut
   * @returns whether rules apply to the packet
   */
  locate(bytes: Uint8Array, packet: number, end: number): boolean {
    this.#clear(end);
    let next = nextHeader(bytes, packet);
    let at = packet + IPV6_HEADER_LENGTH;
    while (next === NEXT_HEADER_HOP_BY_HOP || next === NEXT_HEADER_DESTINATION_OPTIONS) {
      if (at + HEADER_UNIT > end) return false;
      next = bytes[at]!;
      at += (bytes[at + 1]! + 1) * HEADER_UNIT;
    }
    if (next === NEXT_HEADER_FRAGMENT) {
      if (at + HEADER_UNIT > end) return false;
      this.fragment = at;
      // The three low bits are not part of the offset (RFC 8200 §4.5).
      this.isLater = readUint16(bytes, at + 2) >= HEADER_UNIT;
      this.hasMore = (bytes[at + 3]! & MORE_FRAGMENTS) !== 0;
      next = bytes[at]!;
      at += HEADER_UNIT;
    }
    const packetEnd = packet + IPV6_HEADER_LENGTH + payloadLength(bytes, packet);
    return this.isLater || this.#locateUpperLayer(bytes, next, at, packetEnd);
  }

  #clear(end: number): void {
    this.protocol = NONE;
    this.fragment = NONE;
    this.isLater = false;
    this.hasMore = false;
    this.message = NONE;
    this.#ports = NONE;
    this.#checksum = NONE;
    this.#isUdp = false;
    this.#sctp = NONE;
    this.#sctpLength = NONE;
    this.#end = end;
  }

  #locateUpperLayer(bytes: Uint8Array, next: number, at: number, packetEnd: number): boolean {
    this.protocol = next;
    this.#ports = at;
    switch (next) {
      case NEXT_HEADER_TCP:
        this.#checksum = at + TCP_CHECKSUM_OFFSET;
        break;
      case NEXT_HEADER_UDP:
        this.#locateInUdp(bytes, at);
        break;
      case NEXT_HEADER_SCTP:
        this.#sctp = at;
        this.#sctpLength = packetEnd - at;
        break;
      case NEXT_HEADER_ICMPV6:
        this.#ports = NONE;
        this.message = at;
        this.#checksum = at + ICMPV6_CHECKSUM_OFFSET;
        return this.#checksum + 2 <= this.#end;
      default:
        return false;
    }
    return this.#ports + 2 * PORT_LENGTH <= this.#end;
  }

  #locateInUdp(bytes: Uint8Array, at: number): void {
    this.#checksum = at + UDP_CHECKSUM_OFFSET;
    this.#isUdp = true;
    if (at + UDP_HEADER_LENGTH > this.#end) return;
    const source = readUint16(bytes, at + SOURCE_PORT_OFFSET);
    const destination = readUint16(bytes, at + DESTINATION_PORT_OFFSET);
    if (source !== SCTP_TUNNELING_PORT || destination !== SCTP_TUNNELING_PORT) return;
    this.protocol = NEXT_HEADER_SCTP;
    this.#ports = at + UDP_HEADER_LENGTH;
    this.#sctp = this.#ports;
    this.#sctpLength = readUint16(bytes, at + UDP_LENGTH_OFFSET) - UDP_HEADER_LENGTH;
  }

  /** Whether this is an ICMPv6 error (RFC 4443 §2.1). */
  isIcmpError(bytes: Uint8Array): boolean {
    return this.message !== NONE && bytes[this.message]! < ICMPV6_FIRST_INFORMATIONAL;
  }

  /** The source port, 0 in ICMPv6. */
  sourcePort(bytes: Uint8Array): number {
    return this.#ports === NONE ? 0 : readUint16(bytes, this.#ports + SOURCE_PORT_OFFSET);
  }

  /** The destination port, 0 in ICMPv6. */
  destinationPort(bytes: Uint8Array): number {
    return this.#ports === NONE ? 0 : readUint16(bytes, this.#ports + DESTINATION_PORT_OFFSET);
  }

  /** Whether the checksum over the addresses is there, if there is one. */
  get hasChecksum(): boolean {
    return this.#checksum === NONE || this.#checksum + 2 <= this.#end;
  }

  /**
   * Whether a port can be changed: the CRC of SCTP depends on the length of the packet, which a first fragment
   * does not tell.
   */
  get hasChangeablePorts(): boolean {
    if (this.#sctp === NONE) return true;
    const isKnown = this.#sctpLength >= SCTP_HEADER_LENGTH && this.#sctpLength <= TUNNEL_MTU;
    return isKnown && !this.hasMore;
  }

  /**
   * Adds to the source port, and puts the CRC of SCTP right.
   *
   * @returns what a ones-complement sum over the packet grows by
   */
  shiftSourcePort(bytes: Uint8Array, shift: number): number {
    return shift === 0 ? 0 : this.#shiftPort(bytes, SOURCE_PORT_OFFSET, shift);
  }

  /** As {@link shiftSourcePort}, the destination port. */
  shiftDestinationPort(bytes: Uint8Array, shift: number): number {
    return shift === 0 ? 0 : this.#shiftPort(bytes, DESTINATION_PORT_OFFSET, shift);
  }

  #shiftPort(bytes: Uint8Array, field: number, shift: number): number {
    const at = this.#ports + field;
    const before = readUint16(bytes, at);
    const port = before + shift;
    const growth = writeWord(bytes, at, port);
    if (this.#sctp === NONE) return growth;
    const difference = (before ^ port) << (field === SOURCE_PORT_OFFSET ? 16 : 0);
    return growth + this.#changeCrc(bytes, difference);
  }

  /** The CRC is in the packet with its lowest byte first (RFC 9260, appendix A). */
  #changeCrc(bytes: Uint8Array, ofPorts: number): number {
    const at = this.#sctp + SCTP_CHECKSUM_OFFSET;
    if (at + 4 > this.#end || !this.hasChangeablePorts) return 0;
    const difference = crc32cDifference(ofPorts, this.#sctpLength - 2 * PORT_LENGTH);
    const high = ((difference & 0xff) << 8) | ((difference >>> 8) & 0xff);
    const low = ((difference >>> 8) & 0xff00) | (difference >>> 24);
    return (
      writeWord(bytes, at, readUint16(bytes, at) ^ high) +
      writeWord(bytes, at + 2, readUint16(bytes, at + 2) ^ low)
    );
  }

  /**
   * Updates the checksum over the addresses for what changed under it (RFC 1624 §3, equation 3), where it is there.
   *
   * @param growth - of the ones-complement sum
   * @returns what such a sum over the checksum itself grows by
   */
  updateChecksum(bytes: Uint8Array, growth: number): number {
    const at = this.#checksum;
    if (at === NONE || at + 2 > this.#end) return 0;
    const before = readUint16(bytes, at);
    // In UDP, zero says that there is none (RFC 6935 §5).
    if (this.#isUdp && before === 0) return 0;
    const updated = ~fold((~before & 0xffff) + growth) & 0xffff;
    return writeWord(bytes, at, updated === 0 && this.#isUdp ? NEGATIVE_ZERO : updated);
  }
}

/** Writes a word, and returns what a ones-complement sum over it grows by. */
export function writeWord(bytes: Uint8Array, at: number, word: number): number {
  const growth = 0xffff - readUint16(bytes, at) + word;
  writeUint16(bytes, at, word);
  return growth;
}

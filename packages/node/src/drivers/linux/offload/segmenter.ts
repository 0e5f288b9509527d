import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  PAYLOAD_LENGTH_OFFSET,
  sumView,
  TCP_CHECKSUM_OFFSET,
  TCP_CWR,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_SEQUENCE_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4 } from '../../kernel/constants.js';
import type { VirtioHeader } from '../../kernel/virtioHeader.js';
import { sumAddresses } from './pseudoHeader.js';

/** The form in which a checksum of zero is sent: UDP reads zero as "none", TCP reads both alike. */
const NEGATIVE_ZERO = 0xffff;

/**
 * Completes the checksum of a packet with VIRTIO_NET_HDR_F_NEEDS_CSUM, whose field holds the sum of the
 * pseudo-header.
 *
 * @param start - `csum_start`
 * @param offset - `csum_offset`
 * @returns false when the header does not fit the packet
 */
export function finishChecksum(
  { view }: Arena,
  packet: number,
  length: number,
  start: number,
  offset: number,
): boolean {
  if (start + offset + 2 > length) return false;
  const checksum = ~sumView(view, packet + start, length - start) & 0xffff;
  view.setUint16(packet + start + offset, checksum === 0 ? NEGATIVE_ZERO : checksum);
  return true;
}

/**
 * Generic segmentation offload (GSO): segments a TCP or UDP packet of the kernel into those that go over
 * the network, each with its own lengths, sequence number, flags and checksum.
 */
export class Segmenter {
  readonly #arena: Arena;
  #packet = 0;
  #headers = 0;
  #upper = 0;
  #gsoSize = 0;
  #isTcp = false;
  #payloadAt = 0;
  #payloadEnd = 0;
  #isFirst = true;
  #sequence = 0;
  #flags = 0;
  /** The part of the sum of the pseudo-header that all segments share. */
  #pseudo = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * Starts with a packet.
   *
   * @returns false when its virtio header does not fit it
   */
  begin(header: VirtioHeader, packet: number, length: number): boolean {
    const { bytes, view } = this.#arena;
    const { gsoType, checksumStart, checksumOffset, gsoSize } = header;
    const isTcp = gsoType === VIRTIO_NET_HDR_GSO_TCPV6;
    if (!isTcp && gsoType !== VIRTIO_NET_HDR_GSO_UDP_L4) return false;
    const upper = packet + checksumStart;
    const least = isTcp ? TCP_HEADER_LENGTH : UDP_HEADER_LENGTH;
    if (
      !header.needsChecksum ||
      gsoSize === 0 ||
      bytes[packet]! >>> 4 !== 6 ||
      checksumStart < IPV6_HEADER_LENGTH ||
      checksumOffset !== (isTcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET) ||
      checksumStart + least > length
    ) {
      return false;
    }
    const upperHeader = isTcp
      ? (bytes[upper + TCP_DATA_OFFSET_OFFSET]! >>> 4) * 4
      : UDP_HEADER_LENGTH;
    const headers = checksumStart + upperHeader;
    if (upperHeader < least || headers >= length) return false;
    this.#packet = packet;
    this.#headers = headers;
    this.#upper = checksumStart;
    this.#gsoSize = gsoSize;
    this.#isTcp = isTcp;
    this.#payloadAt = packet + headers;
    this.#payloadEnd = packet + length;
    this.#isFirst = true;
    this.#pseudo = sumAddresses(view, packet) + (isTcp ? NEXT_HEADER_TCP : NEXT_HEADER_UDP);
    if (isTcp) {
      this.#sequence = view.getInt32(upper + TCP_SEQUENCE_OFFSET);
      this.#flags = bytes[upper + TCP_FLAGS_OFFSET]!;
    }
    return true;
  }

  /** Bytes of the next segment; 0 when there is none left. */
  get nextLength(): number {
    const left = this.#payloadEnd - this.#payloadAt;
    return left === 0 ? 0 : this.#headers + Math.min(left, this.#gsoSize);
  }

  /** Writes the next segment, {@link nextLength} bytes, at the offset `to`. */
  write(to: number): void {
    const { bytes, view } = this.#arena;
    const headers = this.#headers;
    const payload = Math.min(this.#payloadEnd - this.#payloadAt, this.#gsoSize);
    bytes.copyWithin(to, this.#packet, this.#packet + headers);
    bytes.copyWithin(to + headers, this.#payloadAt, this.#payloadAt + payload);
    this.#payloadAt += payload;
    const isLast = this.#payloadAt === this.#payloadEnd;
    const length = headers + payload;
    const upper = to + this.#upper;
    const upperLength = length - this.#upper;
    view.setUint16(to + PAYLOAD_LENGTH_OFFSET, length - IPV6_HEADER_LENGTH);
    const field = upper + (this.#isTcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET);
    if (this.#isTcp) {
      let flags = this.#flags;
      if (!isLast) flags &= ~(TCP_FIN | TCP_PSH);
      // Congestion Window Reduced is set once (RFC 3168 §6.1.2).
      if (!this.#isFirst) flags &= ~TCP_CWR;
      bytes[upper + TCP_FLAGS_OFFSET] = flags;
      view.setInt32(upper + TCP_SEQUENCE_OFFSET, this.#sequence);
      this.#sequence = (this.#sequence + payload) | 0;
    } else {
      view.setUint16(upper + UDP_LENGTH_OFFSET, upperLength);
    }
    this.#isFirst = false;
    view.setUint16(field, 0);
    const sum = sumView(view, upper, upperLength, this.#pseudo + upperLength);
    view.setUint16(field, sum === 0xffff ? NEGATIVE_ZERO : ~sum & 0xffff);
  }
}

import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  TCP_CHECKSUM_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_HEADER_LENGTH,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
} from '@6bed4/nd';
import { VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4 } from '../../kernel/constants.js';
import type { VirtioHeader } from '../../kernel/virtioHeader.js';
import type { LoopMemory } from '../loopMemory.js';
import type { SegmentWork, WholePacket } from './segmentWork.js';

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
  { arena, work }: LoopMemory,
  packet: number,
  length: number,
  start: number,
  offset: number,
): boolean {
  if (start + offset + 2 > length) return false;
  const checksum = ~work.sum(packet + start, length - start, 0) & 0xffff;
  arena.view.setUint16(packet + start + offset, checksum === 0 ? NEGATIVE_ZERO : checksum);
  return true;
}

/**
 * Generic segmentation offload (GSO): segments a TCP or UDP packet of the kernel into those that go over
 * the network, each with its own lengths, sequence number, flags and checksum.
 */
export class Segmenter {
  readonly #bytes: Uint8Array;
  readonly #work: SegmentWork;
  readonly #whole: WholePacket = {
    packet: 0,
    upper: 0,
    headers: 0,
    size: 0,
    protocol: 0,
    end: 0,
  };
  #payloadAt = 0;

  constructor({ arena, work }: LoopMemory) {
    this.#bytes = arena.bytes;
    this.#work = work;
  }

  /**
   * Starts with a packet.
   *
   * @returns false when its virtio header does not fit it
   */
  begin(header: VirtioHeader, packet: number, length: number): boolean {
    const bytes = this.#bytes;
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
    const whole = this.#whole;
    whole.packet = packet;
    whole.upper = checksumStart;
    whole.headers = headers;
    whole.size = gsoSize;
    whole.protocol = isTcp ? NEXT_HEADER_TCP : NEXT_HEADER_UDP;
    whole.end = packet + length;
    this.#payloadAt = packet + headers;
    return true;
  }

  /** Bytes of the next segment; 0 when there is none left. */
  get nextLength(): number {
    const { headers, size, end } = this.#whole;
    const left = end - this.#payloadAt;
    return left === 0 ? 0 : headers + Math.min(left, size);
  }

  /** Bytes of each segment but the last. */
  get fullLength(): number {
    return this.#whole.headers + this.#whole.size;
  }

  /**
   * Writes the next segments, one behind the other.
   *
   * @param to - offset of the first one
   * @param limit - offset that none of them crosses
   * @returns bytes written: as many segments as have room
   */
  write(to: number, limit: number): number {
    const written = this.#work.cut(this.#whole, this.#payloadAt, to, limit);
    const { headers, size, end } = this.#whole;
    const segments = Math.ceil(written / (headers + size));
    this.#payloadAt = Math.min(this.#payloadAt + segments * size, end);
    return written;
  }
}

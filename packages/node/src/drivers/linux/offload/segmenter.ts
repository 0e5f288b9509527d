import { fold, IPV6_HEADER_LENGTH } from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { Gso, type VirtioHeader } from '../../kernel/virtioHeader.js';
import {
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  sumAddresses,
  TCP_CHECKSUM,
  TCP_CWR,
  TCP_DATA_OFFSET,
  TCP_FIN,
  TCP_FLAGS,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
  UDP_HEADER_LENGTH,
  UDP_LENGTH,
} from './upperLayer.js';
import { wideSum } from './wideSum.js';

const PAYLOAD_LENGTH_OFFSET = 4;
/** What a checksum of zero is written as: UDP takes zero for none, and to TCP they are the same. */
const NEGATIVE_ZERO = 0xffff;

/**
 * Completes the checksum of a whole packet that the kernel handed over with the sum of the
 * pseudo-header in its place.
 *
 * @returns false when the header does not fit the packet
 */
export function finishChecksum(
  { view }: Arena,
  packet: number,
  length: number,
  start: number,
  field: number,
): boolean {
  if (start + field + 2 > length) return false;
  const checksum = ~wideSum(view, packet + start, length - start) & 0xffff;
  view.setUint16(packet + start + field, checksum === 0 ? NEGATIVE_ZERO : checksum);
  return true;
}

/**
 * Cuts a long TCP or UDP packet that the kernel handed over into those that go over the network, each
 * with its own lengths, sequence number, flags and checksum.
 */
export class Segmenter {
  readonly #arena: Arena;
  #packet = 0;
  #headers = 0;
  #upper = 0;
  #segmentSize = 0;
  #isTcp = false;
  #payloadAt = 0;
  #payloadEnd = 0;
  #isFirst = true;
  #sequence = 0;
  #flags = 0;
  /** The part of the pseudo-header's sum that all segments share. */
  #pseudo = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * Begins with a packet.
   *
   * @returns false when it is not what its header says
   */
  begin(header: VirtioHeader, packet: number, length: number): boolean {
    const { bytes, view } = this.#arena;
    const { kind, checksumStart, checksumField, segmentSize } = header;
    const isTcp = kind === Gso.tcp6;
    if (!isTcp && kind !== Gso.udp) return false;
    const upper = packet + checksumStart;
    const least = isTcp ? TCP_HEADER_LENGTH : UDP_HEADER_LENGTH;
    if (
      !header.needsChecksum ||
      segmentSize === 0 ||
      bytes[packet]! >>> 4 !== 6 ||
      checksumStart < IPV6_HEADER_LENGTH ||
      checksumField !== (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM) ||
      checksumStart + least > length
    ) {
      return false;
    }
    const upperHeader = isTcp ? (bytes[upper + TCP_DATA_OFFSET]! >>> 4) * 4 : UDP_HEADER_LENGTH;
    const headers = checksumStart + upperHeader;
    if (upperHeader < least || headers >= length) return false;
    this.#packet = packet;
    this.#headers = headers;
    this.#upper = checksumStart;
    this.#segmentSize = segmentSize;
    this.#isTcp = isTcp;
    this.#payloadAt = packet + headers;
    this.#payloadEnd = packet + length;
    this.#isFirst = true;
    this.#pseudo = sumAddresses(view, packet) + (isTcp ? NEXT_HEADER_TCP : NEXT_HEADER_UDP);
    if (isTcp) {
      this.#sequence = view.getInt32(upper + TCP_SEQUENCE);
      this.#flags = bytes[upper + TCP_FLAGS]!;
    }
    return true;
  }

  /** Bytes of the next segment; 0 when there is none left. */
  get nextLength(): number {
    const left = this.#payloadEnd - this.#payloadAt;
    return left === 0 ? 0 : this.#headers + Math.min(left, this.#segmentSize);
  }

  /** Writes the next segment to this offset, where there is room for it. */
  write(to: number): void {
    const { bytes, view } = this.#arena;
    const headers = this.#headers;
    const payload = Math.min(this.#payloadEnd - this.#payloadAt, this.#segmentSize);
    bytes.copyWithin(to, this.#packet, this.#packet + headers);
    bytes.copyWithin(to + headers, this.#payloadAt, this.#payloadAt + payload);
    this.#payloadAt += payload;
    const isLast = this.#payloadAt === this.#payloadEnd;
    const length = headers + payload;
    const upper = to + this.#upper;
    const upperLength = length - this.#upper;
    view.setUint16(to + PAYLOAD_LENGTH_OFFSET, length - IPV6_HEADER_LENGTH);
    const field = upper + (this.#isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
    if (this.#isTcp) {
      let flags = this.#flags;
      if (!isLast) flags &= ~(TCP_FIN | TCP_PSH);
      // Congestion window reduced: said once (RFC 3168 §6.1.2).
      if (!this.#isFirst) flags &= ~TCP_CWR;
      bytes[upper + TCP_FLAGS] = flags;
      view.setInt32(upper + TCP_SEQUENCE, this.#sequence);
      this.#sequence = (this.#sequence + payload) | 0;
    } else {
      view.setUint16(upper + UDP_LENGTH, upperLength);
    }
    this.#isFirst = false;
    view.setUint16(field, 0);
    const sum = fold(this.#pseudo + upperLength + wideSum(view, upper, upperLength));
    view.setUint16(field, sum === 0xffff ? NEGATIVE_ZERO : ~sum & 0xffff);
  }
}

import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  TCP_CHECKSUM_OFFSET,
  TCP_FLAGS_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4 } from '../../kernel/constants.js';
import { messageLayout } from '../../kernel/messageLayout.js';
import { VIRTIO_HEADER_LENGTH, VirtioHeader } from '../../kernel/virtioHeader.js';
import type { LoopMemory } from '../loopMemory.js';
import type { SegmentWork } from './segmentWork.js';

/** Upper bound of segments in one packet. */
export const MAX_SEGMENTS = 64;
/** Of one packet: the virtio header, the first segment, and the payload of each further one. */
const VECTORS = MAX_SEGMENTS + 1;
const VECTOR_SIZE = 16;
const HEADER_SIZE = 16;
const ADDRESSES_LENGTH = IPV6_HEADER_LENGTH - SOURCE_OFFSET;

/** Bytes of an arena that {@link WrittenPackets} take for so many packets. */
export function writtenPacketsSize(packets: number): number {
  return packets * (HEADER_SIZE + VECTORS * VECTOR_SIZE) + 512;
}

/** Packets as the kernel is told of them, some at a time: pieces of memory, of which the first is the virtio header. */
export class WrittenPackets {
  readonly #arena: Arena;
  readonly #work: SegmentWork;
  readonly #virtio: VirtioHeader;
  readonly #vectorSize: number;
  readonly #vectorLength: number;
  readonly #headers: number;
  readonly #vectors: number;

  constructor({ arena, work }: LoopMemory, packets: number) {
    this.#arena = arena;
    this.#work = work;
    this.#virtio = new VirtioHeader(arena.view);
    const layout = messageLayout(arena.longSize);
    this.#vectorSize = layout.vectorSize;
    this.#vectorLength = layout.vectorLength;
    this.#headers = arena.reserve(packets * HEADER_SIZE);
    this.#vectors = arena.reserve(packets * VECTORS * VECTOR_SIZE);
    for (let packet = 0; packet < packets; packet++) {
      this.writeWithoutGso(packet);
      this.setVector(packet, 0, this.#header(packet), VIRTIO_HEADER_LENGTH);
    }
  }

  /** Offset of the first `struct iovec` of a packet. */
  firstVector(packet: number): number {
    return this.#vectors + packet * VECTORS * VECTOR_SIZE;
  }

  /** Describes a piece of a packet; piece 0 is the virtio header. */
  setVector(packet: number, index: number, at: number, length: number): void {
    const vector = this.firstVector(packet) + index * this.#vectorSize;
    this.#arena.setPointer(vector, at);
    this.#arena.setSize(vector + this.#vectorLength, length);
  }

  /** Writes the virtio header of a packet that is none of several. */
  writeWithoutGso(packet: number): void {
    this.#virtio.at(this.#header(packet)).writeWithoutGso();
  }

  /**
   * Writes the headers of coalesced segments, into those of the first one too.
   *
   * @param at - offset of the first segment
   * @param headers - length of its headers
   * @param firstPayload - payload of the first segment
   * @param payload - payload of all of them
   * @param flags - of TCP
   */
  writeGso(
    packet: number,
    at: number,
    headers: number,
    firstPayload: number,
    payload: number,
    flags: number,
  ): void {
    const { bytes, view } = this.#arena;
    const upperLength = headers - IPV6_HEADER_LENGTH + payload;
    const upper = at + IPV6_HEADER_LENGTH;
    const protocol = bytes[at + NEXT_HEADER_OFFSET]!;
    const isTcp = protocol === NEXT_HEADER_TCP;
    const field = isTcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET;
    const type = isTcp ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_UDP_L4;
    view.setUint16(at + PAYLOAD_LENGTH_OFFSET, upperLength);
    if (isTcp) bytes[upper + TCP_FLAGS_OFFSET] = flags;
    else view.setUint16(upper + UDP_LENGTH_OFFSET, upperLength);
    // The pseudo-header without the rest of the checksum, which the kernel adds (RFC 8200 §8.1).
    const pseudo = protocol + upperLength;
    view.setUint16(upper + field, this.#work.sum(at + SOURCE_OFFSET, ADDRESSES_LENGTH, pseudo));
    this.#virtio
      .at(this.#header(packet))
      .writeGso(type, headers, firstPayload, IPV6_HEADER_LENGTH, field);
  }

  #header(packet: number): number {
    return this.#headers + packet * HEADER_SIZE;
  }
}

import {
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_CHECKSUM_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_SEQUENCE_OFFSET,
  TCP_URGENT_POINTER_OFFSET,
  TCP_WINDOW_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4 } from '../../kernel/constants.js';
import { messageLayout } from '../../kernel/messageLayout.js';
import { VIRTIO_HEADER_LENGTH, VirtioHeader } from '../../kernel/virtioHeader.js';
import type { LoopMemory } from '../loopMemory.js';
import type { SegmentWork } from './segmentWork.js';

/** Upper bound of the payload length of an IPv6 packet without jumbo option, in bytes. */
const MAX_PAYLOAD_LENGTH = 65_535;
/** Flows whose packets can wait to be coalesced at the same time. */
const FLOWS = 8;
/** Upper bound of segments in one packet. */
const MAX_SEGMENTS = 64;
/** Of one packet: the virtio header, the first segment, and the payload of each further one. */
const VECTORS = MAX_SEGMENTS + 1;
const VECTOR_SIZE = 16;
const HEADER_SIZE = 16;
const ADDRESSES_LENGTH = IPV6_HEADER_LENGTH - SOURCE_OFFSET;

/** Bytes of an arena that a {@link Coalescer} takes. */
export const COALESCER_SIZE = (FLOWS + 1) * (HEADER_SIZE + VECTORS * VECTOR_SIZE) + 512;

/** Receiver of packets. */
export interface PacketOutput {
  /**
   * Takes one packet.
   *
   * @param vectors - offset of the first `struct iovec` in the arena; the first one describes the header
   * @param count - number of vectors
   * @param segments - number of packets that were coalesced into this one
   */
  write(vectors: number, count: number, segments: number): void;
}

/**
 * Generic receive offload (GRO): coalesces TCP segments, and UDP datagrams, that follow each other in a
 * flow into one packet, as network cards do it, so that the kernel handles them as one. The conditions:
 *
 * - TCP only with payload and no flag but ACK; PSH ends a packet, and so does a shorter segment;
 * - same addresses, ports, traffic class, flow label, hop limit, acknowledgement number, window and
 *   options, and the very next sequence number; for UDP, the same length;
 * - no extension headers, and a correct checksum.
 *
 * Packets of a flow keep their order. Nothing waits beyond {@link flush}. Bytes are not copied: they
 * must stay in the arena until then, except for headers, which change.
 */
export class Coalescer {
  readonly #arena: Arena;
  readonly #work: SegmentWork;
  readonly #output: PacketOutput;
  readonly #coalescesUdp: boolean;
  readonly #virtio: VirtioHeader;
  readonly #vectorSize: number;
  readonly #vectorLength: number;
  readonly #headers: number;
  readonly #vectors: number;
  #used = 0;
  #victim = 0;

  // One column for each property of a flow; `#segments` is 0 for a column that is not in use.
  readonly #first = new Int32Array(FLOWS);
  readonly #firstLength = new Int32Array(FLOWS);
  readonly #headerLength = new Int32Array(FLOWS);
  readonly #segments = new Int32Array(FLOWS);
  readonly #payload = new Int32Array(FLOWS);
  readonly #sequence = new Int32Array(FLOWS);
  readonly #flags = new Int32Array(FLOWS);
  readonly #isOpen = new Uint8Array(FLOWS);

  /** @param coalescesUdp - whether the kernel accepts coalesced UDP datagrams as well (TUN_F_USO6) */
  constructor({ arena, work }: LoopMemory, output: PacketOutput, coalescesUdp: boolean) {
    this.#arena = arena;
    this.#work = work;
    this.#output = output;
    this.#coalescesUdp = coalescesUdp;
    this.#virtio = new VirtioHeader(arena.view);
    const layout = messageLayout(arena.longSize);
    this.#vectorSize = layout.vectorSize;
    this.#vectorLength = layout.vectorLength;
    this.#headers = arena.reserve((FLOWS + 1) * HEADER_SIZE);
    this.#vectors = arena.reserve((FLOWS + 1) * VECTORS * VECTOR_SIZE);
    for (let flow = 0; flow <= FLOWS; flow++) {
      this.#virtio.at(this.#header(flow)).writeWithoutGso();
      this.#setVector(flow, 0, this.#header(flow), VIRTIO_HEADER_LENGTH);
    }
  }

  /** Takes one whole IPv6 packet. */
  add(at: number, length: number): void {
    const { bytes } = this.#arena;
    const protocol = bytes[at + NEXT_HEADER_OFFSET]!;
    if (protocol === NEXT_HEADER_TCP && length >= IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH) {
      this.#addTcp(at, length);
    } else if (protocol === NEXT_HEADER_UDP && length >= IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH) {
      this.#addUdp(at, length);
    } else {
      // Behind an extension header, it may belong to any of the flows.
      this.flush();
      this.#writeSingle(at, length);
    }
  }

  /** Passes on all packets that wait. */
  flush(): void {
    if (this.#used === 0) return;
    for (let flow = 0; flow < FLOWS; flow++) {
      if (this.#segments[flow] !== 0) this.#flushFlow(flow);
    }
  }

  #addTcp(at: number, length: number): void {
    const { bytes, view } = this.#arena;
    const tcp = at + IPV6_HEADER_LENGTH;
    const headers = IPV6_HEADER_LENGTH + (bytes[tcp + TCP_DATA_OFFSET_OFFSET]! >>> 4) * 4;
    const payload = length - headers;
    const flags = bytes[tcp + TCP_FLAGS_OFFSET]!;
    // The reserved bits and the ninth flag share a byte with the data offset.
    const isCandidate =
      payload > 0 &&
      headers >= IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH &&
      (flags & ~TCP_PSH) === TCP_ACK &&
      (bytes[tcp + TCP_DATA_OFFSET_OFFSET]! & 0x0f) === 0 &&
      view.getUint16(tcp + TCP_URGENT_POINTER_OFFSET) === 0;
    const flow = this.#findFlow(at);
    if (!isCandidate) {
      if (flow >= 0) this.#flushFlow(flow);
      this.#writeSingle(at, length);
      return;
    }
    if (flow >= 0) {
      if (this.#canAppendTcp(flow, at, length, headers, payload)) {
        this.#append(flow, at, headers, payload, flags);
        if ((flags & TCP_PSH) !== 0) this.#isOpen[flow] = 0;
        return;
      }
      this.#flushFlow(flow);
    }
    if ((flags & TCP_PSH) !== 0) {
      this.#writeSingle(at, length);
      return;
    }
    this.#open(at, length, headers, view.getInt32(tcp + TCP_SEQUENCE_OFFSET) + payload, flags);
  }

  #canAppendTcp(
    flow: number,
    at: number,
    length: number,
    headers: number,
    payload: number,
  ): boolean {
    const { view } = this.#arena;
    const first = this.#first[flow]!;
    const tcp = at + IPV6_HEADER_LENGTH;
    const firstTcp = first + IPV6_HEADER_LENGTH;
    return (
      headers === this.#headerLength[flow] &&
      view.getInt32(tcp + TCP_SEQUENCE_OFFSET) === this.#sequence[flow] &&
      view.getInt32(tcp + TCP_ACKNOWLEDGMENT_OFFSET) ===
        view.getInt32(firstTcp + TCP_ACKNOWLEDGMENT_OFFSET) &&
      view.getUint16(tcp + TCP_WINDOW_OFFSET) === view.getUint16(firstTcp + TCP_WINDOW_OFFSET) &&
      this.#sameOptions(tcp, firstTcp, headers - IPV6_HEADER_LENGTH) &&
      this.#canAppend(flow, at, length, payload)
    );
  }

  #sameOptions(left: number, right: number, end: number): boolean {
    const { view } = this.#arena;
    for (let at = TCP_HEADER_LENGTH; at < end; at += 4) {
      if (view.getInt32(left + at) !== view.getInt32(right + at)) return false;
    }
    return true;
  }

  #addUdp(at: number, length: number): void {
    const { view } = this.#arena;
    const udp = at + IPV6_HEADER_LENGTH;
    const headers = IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH;
    const payload = length - headers;
    const isCandidate =
      this.#coalescesUdp &&
      payload > 0 &&
      view.getUint16(udp + UDP_LENGTH_OFFSET) === length - IPV6_HEADER_LENGTH &&
      view.getUint16(udp + UDP_CHECKSUM_OFFSET) !== 0;
    const flow = this.#findFlow(at);
    if (flow >= 0) {
      if (isCandidate && this.#canAppend(flow, at, length, payload)) {
        this.#append(flow, at, headers, payload, 0);
        return;
      }
      this.#flushFlow(flow);
    }
    if (isCandidate) this.#open(at, length, headers, 0, 0);
    else this.#writeSingle(at, length);
  }

  /** The conditions that TCP and UDP share; the checksums come last because they are expensive. */
  #canAppend(flow: number, at: number, length: number, payload: number): boolean {
    const { bytes, view } = this.#arena;
    const first = this.#first[flow]!;
    const firstLength = this.#firstLength[flow]!;
    const total = this.#headerLength[flow]! - IPV6_HEADER_LENGTH + this.#payload[flow]! + payload;
    return (
      this.#isOpen[flow] === 1 &&
      total <= MAX_PAYLOAD_LENGTH &&
      length <= firstLength &&
      // Version, traffic class with ECN, and flow label.
      view.getInt32(at) === view.getInt32(first) &&
      bytes[at + HOP_LIMIT_OFFSET] === bytes[first + HOP_LIMIT_OFFSET] &&
      (this.#segments[flow]! > 1 || this.#work.isValid(first, firstLength)) &&
      this.#work.isValid(at, length)
    );
  }

  /** The column of a packet's flow, or -1. */
  #findFlow(at: number): number {
    if (this.#used === 0) return -1;
    const { bytes, view } = this.#arena;
    const ports = view.getInt32(at + IPV6_HEADER_LENGTH);
    for (let flow = 0; flow < FLOWS; flow++) {
      if (this.#segments[flow] === 0) continue;
      const first = this.#first[flow]!;
      if (
        view.getInt32(first + IPV6_HEADER_LENGTH) === ports &&
        bytes[first + NEXT_HEADER_OFFSET] === bytes[at + NEXT_HEADER_OFFSET] &&
        this.#sameAddresses(first, at)
      ) {
        return flow;
      }
    }
    return -1;
  }

  #sameAddresses(left: number, right: number): boolean {
    const { view } = this.#arena;
    // From the end, where addresses differ most often.
    for (let at = IPV6_HEADER_LENGTH - 4; at >= SOURCE_OFFSET; at -= 4) {
      if (view.getInt32(left + at) !== view.getInt32(right + at)) return false;
    }
    return true;
  }

  #open(at: number, length: number, headers: number, sequence: number, flags: number): void {
    const flow = this.#freeFlow();
    this.#used++;
    this.#first[flow] = at;
    this.#firstLength[flow] = length;
    this.#headerLength[flow] = headers;
    this.#segments[flow] = 1;
    this.#payload[flow] = length - headers;
    this.#sequence[flow] = sequence;
    this.#flags[flow] = flags;
    this.#isOpen[flow] = 1;
    this.#setVector(flow, 1, at, length);
  }

  #append(flow: number, at: number, headers: number, payload: number, flags: number): void {
    const segments = ++this.#segments[flow]!;
    this.#setVector(flow, segments, at + headers, payload);
    this.#payload[flow]! += payload;
    this.#sequence[flow] = this.#sequence[flow]! + payload;
    this.#flags[flow]! |= flags;
    const isShorter = headers + payload < this.#firstLength[flow]!;
    if (isShorter || segments === MAX_SEGMENTS) this.#isOpen[flow] = 0;
  }

  #freeFlow(): number {
    for (let flow = 0; flow < FLOWS; flow++) {
      if (this.#segments[flow] === 0) return flow;
    }
    const victim = this.#victim;
    this.#victim = (victim + 1) % FLOWS;
    this.#flushFlow(victim);
    return victim;
  }

  #flushFlow(flow: number): void {
    const segments = this.#segments[flow]!;
    this.#segments[flow] = 0;
    this.#used--;
    const header = this.#header(flow);
    if (segments > 1) this.#writeHeaders(flow, header);
    this.#output.write(this.#vector(flow, 0), segments + 1, segments);
    if (segments > 1) this.#virtio.at(header).writeWithoutGso();
  }

  #writeHeaders(flow: number, header: number): void {
    const { bytes, view } = this.#arena;
    const packet = this.#first[flow]!;
    const headers = this.#headerLength[flow]!;
    const upperLength = headers - IPV6_HEADER_LENGTH + this.#payload[flow]!;
    const upper = packet + IPV6_HEADER_LENGTH;
    const protocol = bytes[packet + NEXT_HEADER_OFFSET]!;
    const isTcp = protocol === NEXT_HEADER_TCP;
    const field = isTcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET;
    view.setUint16(packet + PAYLOAD_LENGTH_OFFSET, upperLength);
    if (isTcp) bytes[upper + TCP_FLAGS_OFFSET] = this.#flags[flow]!;
    else view.setUint16(upper + UDP_LENGTH_OFFSET, upperLength);
    // The pseudo-header without the rest of the checksum, which the kernel adds (RFC 8200 §8.1).
    const pseudo = protocol + upperLength;
    view.setUint16(upper + field, this.#work.sum(packet + SOURCE_OFFSET, ADDRESSES_LENGTH, pseudo));
    this.#virtio
      .at(header)
      .writeGso(
        isTcp ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_UDP_L4,
        headers,
        this.#firstLength[flow]! - headers,
        IPV6_HEADER_LENGTH,
        field,
      );
  }

  #writeSingle(at: number, length: number): void {
    this.#setVector(FLOWS, 1, at, length);
    this.#output.write(this.#vector(FLOWS, 0), 2, 1);
  }

  #header(flow: number): number {
    return this.#headers + flow * HEADER_SIZE;
  }

  #vector(flow: number, index: number): number {
    return this.#vectors + flow * VECTORS * VECTOR_SIZE + index * this.#vectorSize;
  }

  #setVector(flow: number, index: number, at: number, length: number): void {
    const vector = this.#vector(flow, index);
    this.#arena.setPointer(vector, at);
    this.#arena.setSize(vector + this.#vectorLength, length);
  }
}

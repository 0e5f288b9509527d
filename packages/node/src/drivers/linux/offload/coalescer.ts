import {
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  SOURCE_OFFSET,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_SEQUENCE_OFFSET,
  TCP_WINDOW_OFFSET,
  UDP_HEADER_LENGTH,
} from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import type { LoopMemory } from '../loopMemory.js';
import { isTcpCandidate, isUdpCandidate } from './candidates.js';
import type { SegmentWork } from './segmentWork.js';
import { MAX_SEGMENTS, WrittenPackets, writtenPacketsSize } from './writtenPackets.js';

/** Upper bound of the payload length of an IPv6 packet without jumbo option, in bytes. */
const MAX_PAYLOAD_LENGTH = 65_535;
/** Flows whose packets can wait to be coalesced at the same time. */
const FLOWS = 8;
const NONE = -1;

/** Bytes of an arena that a {@link Coalescer} takes. */
export const COALESCER_SIZE = writtenPacketsSize(FLOWS + 1);

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
  /** One for each flow, and one for packets that do not wait. */
  readonly #written: WrittenPackets;
  #used = 0;
  #victim = 0;
  /** The column that took the last packet, or -1. */
  #latest = NONE;

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
  constructor(memory: LoopMemory, output: PacketOutput, coalescesUdp: boolean) {
    const { arena, work } = memory;
    this.#arena = arena;
    this.#work = work;
    this.#output = output;
    this.#coalescesUdp = coalescesUdp;
    this.#written = new WrittenPackets(memory, FLOWS + 1);
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

  /**
   * Takes whole IPv6 packets that lie one behind the other, {@link SegmentWork.alike} but for the hop limit and the
   * traffic class that all of them were given.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   */
  addRun(at: number, length: number, size: number): void {
    for (let done = 0; done < length; ) {
      const one = Math.min(size, length - done);
      this.#latest = NONE;
      this.add(at + done, one);
      done += one;
      const flow = this.#latest;
      if (flow === NONE || done === length || this.#isOpen[flow] === 0) continue;
      done += this.#appendFollowing(flow, at + done - size, length - done, size);
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
    const flow = this.#findFlow(at);
    if (!isTcpCandidate(view, at, length)) {
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
    const headers = IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH;
    const payload = length - headers;
    const isCandidate = this.#coalescesUdp && isUdpCandidate(view, at, length);
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

  /**
   * Appends the packets of a run that follow the last one of a flow.
   *
   * @returns their bytes together
   */
  #appendFollowing(flow: number, last: number, length: number, size: number): number {
    const headers = this.#headerLength[flow]!;
    const segments = this.#segments[flow]!;
    // Otherwise it was looked at when it was appended.
    if (segments === 1 && !this.#work.isValid(last, size)) return 0;
    const used = headers - IPV6_HEADER_LENGTH + this.#payload[flow]!;
    const room = Math.floor((MAX_PAYLOAD_LENGTH - used) / (size - headers));
    const most = Math.min(MAX_SEGMENTS - segments, room) * size;
    const following = this.#work.following(last, Math.min(length, most), size);
    if (following === 0) return 0;
    const start = last + size;
    let count = 0;
    for (let done = 0; done < following; done += size) {
      count++;
      const payload = Math.min(size, following - done) - headers;
      this.#written.setVector(flow, segments + count, start + done + headers, payload);
    }
    const payload = following - count * headers;
    this.#segments[flow] = segments + count;
    this.#payload[flow]! += payload;
    this.#sequence[flow] = this.#sequence[flow]! + payload;
    const { bytes } = this.#arena;
    const final = start + (count - 1) * size;
    const isTcp = bytes[final + NEXT_HEADER_OFFSET] === NEXT_HEADER_TCP;
    const flags = isTcp ? bytes[final + IPV6_HEADER_LENGTH + TCP_FLAGS_OFFSET]! : 0;
    this.#flags[flow]! |= flags;
    const isLast = following < count * size || segments + count === MAX_SEGMENTS;
    if (isLast || (flags & TCP_PSH) !== 0) this.#isOpen[flow] = 0;
    return following;
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
    this.#written.setVector(flow, 1, at, length);
    this.#latest = flow;
  }

  #append(flow: number, at: number, headers: number, payload: number, flags: number): void {
    const segments = ++this.#segments[flow]!;
    this.#written.setVector(flow, segments, at + headers, payload);
    this.#payload[flow]! += payload;
    this.#sequence[flow] = this.#sequence[flow]! + payload;
    this.#flags[flow]! |= flags;
    const isShorter = headers + payload < this.#firstLength[flow]!;
    if (isShorter || segments === MAX_SEGMENTS) this.#isOpen[flow] = 0;
    this.#latest = flow;
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
    const written = this.#written;
    if (segments > 1) {
      const headers = this.#headerLength[flow]!;
      const firstPayload = this.#firstLength[flow]! - headers;
      const first = this.#first[flow]!;
      const payload = this.#payload[flow]!;
      written.writeGso(flow, first, headers, firstPayload, payload, this.#flags[flow]!);
    }
    this.#output.write(written.firstVector(flow), segments + 1, segments);
    if (segments > 1) written.writeWithoutGso(flow);
  }

  #writeSingle(at: number, length: number): void {
    this.#written.setVector(FLOWS, 1, at, length);
    this.#output.write(this.#written.firstVector(FLOWS), 2, 1);
  }
}

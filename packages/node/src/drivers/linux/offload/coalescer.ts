import { IPV6_HEADER_LENGTH } from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { messageLayout } from '../../kernel/messageLayout.js';
import { Gso, VIRTIO_HEADER_LENGTH, VirtioHeader } from '../../kernel/virtioHeader.js';
import {
  hasValidChecksum,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  sumPseudoHeader,
  TCP_ACK,
  TCP_ACKNOWLEDGEMENT,
  TCP_CHECKSUM,
  TCP_DATA_OFFSET,
  TCP_FLAGS,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_SEQUENCE,
  TCP_URGENT,
  TCP_WINDOW,
  UDP_CHECKSUM,
  UDP_HEADER_LENGTH,
  UDP_LENGTH,
} from './upperLayer.js';

const PAYLOAD_LENGTH_OFFSET = 4;
const HOP_LIMIT_OFFSET = 7;
const ADDRESSES_OFFSET = 8;
const LONGEST_PAYLOAD = 65_535;
/** Flows that can be joined at the same time. */
const GROUPS = 8;
const MOST_SEGMENTS = 64;
/** The header, the first packet, and the payload of each further one. */
const VECTORS = MOST_SEGMENTS + 1;
const VECTOR_SIZE = 16;
const HEADER_SIZE = 16;

/** Bytes of an arena that a {@link Coalescer} takes. */
export const COALESCER_SIZE = (GROUPS + 1) * (HEADER_SIZE + VECTORS * VECTOR_SIZE) + 512;

/** Takes one packet, header first, in pieces that vectors of the arena describe. */
export interface PacketOutput {
  write(vectors: number, count: number, packets: number): void;
}

/**
 * Joins TCP segments, and UDP datagrams, that follow each other in a flow to one long packet, as network
 * cards do it, so that the kernel handles them as one. What must stay apart stays apart:
 *
 * - TCP only with payload and no flag but ACK; PSH ends a packet, and so does a shorter segment;
 * - same addresses, ports, traffic class, flow label, hop limit, acknowledgement number, window and
 *   options, and the very next sequence number; for UDP, the same length;
 * - no extension headers, and a checksum that is right.
 *
 * Packets of a flow keep their order. Nothing waits beyond {@link flush}. Bytes are not copied: they lie
 * in the arena and must stay until then, but for headers, which change.
 */
export class Coalescer {
  /** Packets taken, and packets handed on. */
  taken = 0;
  given = 0;

  readonly #arena: Arena;
  readonly #output: PacketOutput;
  readonly #udp: boolean;
  readonly #virtio: VirtioHeader;
  readonly #vectorSize: number;
  readonly #vectorLength: number;
  readonly #headers: number;
  readonly #vectors: number;
  #used = 0;
  #victim = 0;

  // One column for each property of a group; `#segments` is 0 for a group that is not in use.
  readonly #first = new Int32Array(GROUPS);
  readonly #firstLength = new Int32Array(GROUPS);
  readonly #headerLength = new Int32Array(GROUPS);
  readonly #segments = new Int32Array(GROUPS);
  readonly #payload = new Int32Array(GROUPS);
  readonly #sequence = new Int32Array(GROUPS);
  readonly #flags = new Int32Array(GROUPS);
  readonly #isOpen = new Uint8Array(GROUPS);

  /** @param udp - whether the kernel takes joined UDP datagrams as well */
  constructor(arena: Arena, output: PacketOutput, udp: boolean) {
    this.#arena = arena;
    this.#output = output;
    this.#udp = udp;
    this.#virtio = new VirtioHeader(arena.view);
    const layout = messageLayout(arena.longSize);
    this.#vectorSize = layout.vectorSize;
    this.#vectorLength = layout.vectorLength;
    this.#headers = arena.reserve((GROUPS + 1) * HEADER_SIZE);
    this.#vectors = arena.reserve((GROUPS + 1) * VECTORS * VECTOR_SIZE);
    for (let group = 0; group <= GROUPS; group++) {
      this.#virtio.at(this.#header(group)).writePlain();
      this.#setVector(group, 0, this.#header(group), VIRTIO_HEADER_LENGTH);
    }
  }

  /** Takes one whole IPv6 packet. */
  add(at: number, length: number): void {
    this.taken++;
    const { bytes } = this.#arena;
    const protocol = bytes[at + NEXT_HEADER_OFFSET]!;
    if (protocol === NEXT_HEADER_TCP && length >= IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH) {
      this.#addTcp(at, length);
    } else if (protocol === NEXT_HEADER_UDP && length >= IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH) {
      this.#addUdp(at, length);
    } else {
      // It may belong to any flow between its ends, behind an extension header.
      this.flush();
      this.#writeAlone(at, length);
    }
  }

  /** Hands on all that waits. */
  flush(): void {
    if (this.#used === 0) return;
    for (let group = 0; group < GROUPS; group++) {
      if (this.#segments[group] !== 0) this.#finish(group);
    }
  }

  #addTcp(at: number, length: number): void {
    const { bytes, view } = this.#arena;
    const tcp = at + IPV6_HEADER_LENGTH;
    const headers = IPV6_HEADER_LENGTH + (bytes[tcp + TCP_DATA_OFFSET]! >>> 4) * 4;
    const payload = length - headers;
    const flags = bytes[tcp + TCP_FLAGS]!;
    // The reserved bits and the ninth flag share a byte with the data offset.
    const isPlain =
      payload > 0 &&
      headers >= IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH &&
      (flags & ~TCP_PSH) === TCP_ACK &&
      (bytes[tcp + TCP_DATA_OFFSET]! & 0x0f) === 0 &&
      view.getUint16(tcp + TCP_URGENT) === 0;
    const group = this.#groupOf(at);
    if (!isPlain) {
      if (group >= 0) this.#finish(group);
      this.#writeAlone(at, length);
      return;
    }
    if (group >= 0) {
      if (this.#continuesTcp(group, at, length, headers, payload)) {
        this.#append(group, at, headers, payload, flags);
        if ((flags & TCP_PSH) !== 0) this.#isOpen[group] = 0;
        return;
      }
      this.#finish(group);
    }
    if ((flags & TCP_PSH) !== 0) {
      this.#writeAlone(at, length);
      return;
    }
    this.#begin(at, length, headers, view.getInt32(tcp + TCP_SEQUENCE) + payload, flags);
  }

  #continuesTcp(
    group: number,
    at: number,
    length: number,
    headers: number,
    payload: number,
  ): boolean {
    const { view } = this.#arena;
    const first = this.#first[group]!;
    const tcp = at + IPV6_HEADER_LENGTH;
    const firstTcp = first + IPV6_HEADER_LENGTH;
    return (
      headers === this.#headerLength[group] &&
      view.getInt32(tcp + TCP_SEQUENCE) === this.#sequence[group] &&
      view.getInt32(tcp + TCP_ACKNOWLEDGEMENT) === view.getInt32(firstTcp + TCP_ACKNOWLEDGEMENT) &&
      view.getUint16(tcp + TCP_WINDOW) === view.getUint16(firstTcp + TCP_WINDOW) &&
      this.#sameOptions(tcp, firstTcp, headers - IPV6_HEADER_LENGTH) &&
      this.#continues(group, at, length, payload)
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
    const isPlain =
      this.#udp &&
      payload > 0 &&
      view.getUint16(udp + UDP_LENGTH) === length - IPV6_HEADER_LENGTH &&
      view.getUint16(udp + UDP_CHECKSUM) !== 0;
    const group = this.#groupOf(at);
    if (group >= 0) {
      if (isPlain && this.#continues(group, at, length, payload)) {
        this.#append(group, at, headers, payload, 0);
        return;
      }
      this.#finish(group);
    }
    if (isPlain) this.#begin(at, length, headers, 0, 0);
    else this.#writeAlone(at, length);
  }

  /** What TCP and UDP have in common; the checksums come last because they are dear. */
  #continues(group: number, at: number, length: number, payload: number): boolean {
    const { bytes, view } = this.#arena;
    const first = this.#first[group]!;
    const firstLength = this.#firstLength[group]!;
    const total = this.#headerLength[group]! - IPV6_HEADER_LENGTH + this.#payload[group]! + payload;
    return (
      this.#isOpen[group] === 1 &&
      total <= LONGEST_PAYLOAD &&
      length <= firstLength &&
      // Version, traffic class with ECN, and flow label.
      view.getInt32(at) === view.getInt32(first) &&
      bytes[at + HOP_LIMIT_OFFSET] === bytes[first + HOP_LIMIT_OFFSET] &&
      (this.#segments[group]! > 1 || hasValidChecksum(view, first, firstLength)) &&
      hasValidChecksum(view, at, length)
    );
  }

  /** The group that a packet's flow is in, or -1. */
  #groupOf(at: number): number {
    if (this.#used === 0) return -1;
    const { bytes, view } = this.#arena;
    const ports = view.getInt32(at + IPV6_HEADER_LENGTH);
    for (let group = 0; group < GROUPS; group++) {
      if (this.#segments[group] === 0) continue;
      const first = this.#first[group]!;
      if (
        view.getInt32(first + IPV6_HEADER_LENGTH) === ports &&
        bytes[first + NEXT_HEADER_OFFSET] === bytes[at + NEXT_HEADER_OFFSET] &&
        this.#sameAddresses(first, at)
      ) {
        return group;
      }
    }
    return -1;
  }

  #sameAddresses(left: number, right: number): boolean {
    const { view } = this.#arena;
    // The last bytes of both differ most often.
    for (let at = IPV6_HEADER_LENGTH - 4; at >= ADDRESSES_OFFSET; at -= 4) {
      if (view.getInt32(left + at) !== view.getInt32(right + at)) return false;
    }
    return true;
  }

  #begin(at: number, length: number, headers: number, sequence: number, flags: number): void {
    const group = this.#freeGroup();
    this.#used++;
    this.#first[group] = at;
    this.#firstLength[group] = length;
    this.#headerLength[group] = headers;
    this.#segments[group] = 1;
    this.#payload[group] = length - headers;
    this.#sequence[group] = sequence;
    this.#flags[group] = flags;
    this.#isOpen[group] = 1;
    this.#setVector(group, 1, at, length);
  }

  #append(group: number, at: number, headers: number, payload: number, flags: number): void {
    const segments = ++this.#segments[group]!;
    this.#setVector(group, segments, at + headers, payload);
    this.#payload[group]! += payload;
    this.#sequence[group] = this.#sequence[group]! + payload;
    this.#flags[group]! |= flags;
    const isShorter = headers + payload < this.#firstLength[group]!;
    if (isShorter || segments === MOST_SEGMENTS) this.#isOpen[group] = 0;
  }

  #freeGroup(): number {
    for (let group = 0; group < GROUPS; group++) {
      if (this.#segments[group] === 0) return group;
    }
    const victim = this.#victim;
    this.#victim = (victim + 1) % GROUPS;
    this.#finish(victim);
    return victim;
  }

  #finish(group: number): void {
    const segments = this.#segments[group]!;
    this.#segments[group] = 0;
    this.#used--;
    const header = this.#header(group);
    if (segments > 1) this.#writeHeaders(group, header);
    this.given++;
    this.#output.write(this.#vector(group, 0), segments + 1, segments);
    if (segments > 1) this.#virtio.at(header).writePlain();
  }

  #writeHeaders(group: number, header: number): void {
    const { bytes, view } = this.#arena;
    const packet = this.#first[group]!;
    const headers = this.#headerLength[group]!;
    const upperLength = headers - IPV6_HEADER_LENGTH + this.#payload[group]!;
    const upper = packet + IPV6_HEADER_LENGTH;
    const protocol = bytes[packet + NEXT_HEADER_OFFSET]!;
    const isTcp = protocol === NEXT_HEADER_TCP;
    const field = isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
    view.setUint16(packet + PAYLOAD_LENGTH_OFFSET, upperLength);
    if (isTcp) bytes[upper + TCP_FLAGS] = this.#flags[group]!;
    else view.setUint16(upper + UDP_LENGTH, upperLength);
    view.setUint16(upper + field, sumPseudoHeader(view, packet, protocol, upperLength));
    this.#virtio
      .at(header)
      .writeJoined(
        isTcp ? Gso.tcp6 : Gso.udp,
        headers,
        this.#firstLength[group]! - headers,
        IPV6_HEADER_LENGTH,
        field,
      );
  }

  #writeAlone(at: number, length: number): void {
    this.given++;
    this.#setVector(GROUPS, 1, at, length);
    this.#output.write(this.#vector(GROUPS, 0), 2, 1);
  }

  #header(group: number): number {
    return this.#headers + group * HEADER_SIZE;
  }

  #vector(group: number, index: number): number {
    return this.#vectors + group * VECTORS * VECTOR_SIZE + index * this.#vectorSize;
  }

  #setVector(group: number, index: number, at: number, length: number): void {
    const vector = this.#vector(group, index);
    this.#arena.setPointer(vector, at);
    this.#arena.setSize(vector + this.#vectorLength, length);
  }
}

import { readUint16 } from '@6bed4/codec';
import {
  findUpperLayer,
  hidesNd,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  NEXT_HEADER_UDP_LITE,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  TCP_HEADER_LENGTH,
  UDP_HEADER_LENGTH,
} from '@6bed4/nd';
import {
  announcedHeader,
  FRAGMENT_HEADER_LENGTH,
  findFragmentAnnouncement,
  fragmentAt,
  MAX_REASSEMBLED_PAYLOAD,
} from './fragmentHeader.js';
import { type Fragment, Reassembly } from './reassembly.js';

/** Milliseconds from the first fragment until the others have to be there (RFC 8200 §4.5). */
const REASSEMBLY_TIME = 60_000;
/** Upper bounds of packets that wait for fragments, of 67 kB at most each: in all, and of one source. */
const MAX_OUTBOUND = 64;
const MAX_INBOUND = 32;
const MAX_OF_SOURCE = 8;
/** Bytes that an upper-layer header takes at least. */
const LEAST_HEADERS = new Map([
  [NEXT_HEADER_UDP, UDP_HEADER_LENGTH],
  [NEXT_HEADER_UDP_LITE, UDP_HEADER_LENGTH],
  [NEXT_HEADER_ICMPV6, 8],
  [NEXT_HEADER_TCP, TCP_HEADER_LENGTH],
]);

/** The fault in a fragment, as a Parameter Problem states it (RFC 4443 §3.4). */
export interface FragmentFault {
  readonly code: number;
  /** Offset in the packet. */
  readonly pointer: number;
}

/** The payload of a fragment that has others behind it is no multiple of 8 (RFC 8200 §4.5). */
const BAD_LENGTH: FragmentFault = { code: 0, pointer: PAYLOAD_LENGTH_OFFSET };
/** The first fragment has not all headers (RFC 7112 §5). */
const INCOMPLETE_CHAIN: FragmentFault = { code: 3, pointer: 0 };

/** Counters of a {@link Reassembler}. */
export interface ReassemblyCounters {
  /** Packets reassembled (RFC 4293 ReasmOKs). */
  reassembled: number;
  /** Packets and single fragments given up: malformed, overlapping, incomplete (RFC 4293 ReasmFails). */
  reassemblyFailures: number;
}

/**
 * Reassembles packets from fragments (RFC 8200 §4.5), up to what an IPv6 packet can be: 65,535 bytes
 * behind its header. Has neither clock nor timers of its own.
 *
 * Memory is bounded: 64 packets of sources that the local side began to send to, 32 of all others, 8 of
 * one source. When there is no room, the packet that has waited longest goes: of the same source, if that
 * has 8, or else of the same kind. So strangers never displace packets of the local side's conversations.
 * Packets are found by comparison, one after the other, so nobody can choose keys that collide.
 */
export class Reassembler {
  readonly #counters: ReassemblyCounters;
  readonly #isOutbound: (bytes: Uint8Array, source: number) => boolean;
  readonly #outbound: Reassembly[] = [];
  readonly #inbound: Reassembly[] = [];

  /** @param isOutbound - whether the local side began to send to the address at `source` */
  constructor(
    counters: ReassemblyCounters,
    isOutbound: (bytes: Uint8Array, source: number) => boolean,
  ) {
    this.#counters = counters;
    this.#isOutbound = isOutbound;
  }

  /** Whether a packet is a fragment; others need not be given to {@link take}. */
  static isFragment(bytes: Uint8Array, offset: number, length: number): boolean {
    return findFragmentAnnouncement(bytes, offset, length) >= 0;
  }

  /** Packets that wait for fragments. */
  get size(): number {
    return this.#outbound.length + this.#inbound.length;
  }

  /** The time at which {@link expire} has to be called next; Infinity for none. */
  get expiresAt(): number {
    const oldest = [this.#outbound[0], this.#inbound[0]].map(
      (one) => one?.startedAt ?? Number.POSITIVE_INFINITY,
    );
    return Math.min(...oldest) + REASSEMBLY_TIME;
  }

  /**
   * Takes a fragment.
   *
   * @returns the whole packet, without its fragment header, when it is complete; a fault that its sender
   * should be told; or else null
   */
  take(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): Uint8Array | FragmentFault | null {
    const fragment = readFragment(bytes, offset, length);
    const fault = fragment === null ? null : faultOf(fragment);
    if (fragment === null || fault !== undefined) {
      this.#counters.reassemblyFailures++;
      return fault ?? null;
    }
    if (fragment.offset === 0 && !fragment.hasMore) {
      // Neither waits for others nor affects them (RFC 6946 §4).
      return this.#count(new Reassembly(fragment, false, now).add(fragment));
    }
    // Of no use (RFC 8200 §4.5 leaves it open).
    if (fragment.size === 0) return null;
    const reassembly = this.#find(fragment) ?? this.#begin(fragment, now);
    const wasDiscarded = reassembly.isDiscarded;
    const packet = reassembly.add(fragment);
    if (packet !== null) this.#remove(reassembly);
    else if (reassembly.isDiscarded && !wasDiscarded) this.#counters.reassemblyFailures++;
    return this.#count(packet);
  }

  /**
   * Gives up the packets whose time is over.
   *
   * @returns their first fragments, which their senders should be told about
   */
  expire(now: number): Uint8Array[] {
    const firsts: Uint8Array[] = [];
    for (const list of [this.#outbound, this.#inbound]) {
      while (list.length > 0 && list[0]!.startedAt + REASSEMBLY_TIME <= now) {
        const { first, isDiscarded } = list.shift()!;
        if (!isDiscarded) this.#counters.reassemblyFailures++;
        if (first !== null) firsts.push(first);
      }
    }
    return firsts;
  }

  /** Gives up all packets. */
  clear(): void {
    this.#outbound.length = 0;
    this.#inbound.length = 0;
  }

  #count(packet: Uint8Array | null): Uint8Array | null {
    if (packet !== null) this.#counters.reassembled++;
    return packet;
  }

  #find(fragment: Fragment): Reassembly | null {
    for (const list of [this.#outbound, this.#inbound]) {
      for (const reassembly of list) if (reassembly.includes(fragment)) return reassembly;
    }
    return null;
  }

  #begin(fragment: Fragment, now: number): Reassembly {
    const { bytes, packet } = fragment;
    const source = packet + SOURCE_OFFSET;
    const isOutbound = this.#isOutbound(bytes, source);
    const list = isOutbound ? this.#outbound : this.#inbound;
    const sameSource = list.filter((reassembly) => reassembly.isFrom(bytes, source));
    if (sameSource.length >= MAX_OF_SOURCE) this.#giveUp(sameSource[0]!);
    else if (list.length >= (isOutbound ? MAX_OUTBOUND : MAX_INBOUND)) this.#giveUp(list[0]!);
    const reassembly = new Reassembly(fragment, isOutbound, now);
    list.push(reassembly);
    return reassembly;
  }

  #giveUp(reassembly: Reassembly): void {
    if (!reassembly.isDiscarded) this.#counters.reassemblyFailures++;
    this.#remove(reassembly);
  }

  #remove(reassembly: Reassembly): void {
    const list = reassembly.isOutbound ? this.#outbound : this.#inbound;
    list.splice(list.indexOf(reassembly), 1);
  }
}

/** Reads a packet as a fragment; null for anything else. */
function readFragment(bytes: Uint8Array, offset: number, length: number): Fragment | null {
  if (length < IPV6_HEADER_LENGTH || offset < 0 || offset + length > bytes.length) return null;
  // Jumbograms, with payload length 0, cannot be fragments (RFC 2675 §3).
  if (readUint16(bytes, offset + PAYLOAD_LENGTH_OFFSET) + IPV6_HEADER_LENGTH !== length) {
    return null;
  }
  const field = findFragmentAnnouncement(bytes, offset, length);
  if (field < 0) return null;
  const header = announcedHeader(bytes, offset, field);
  const payload = header + FRAGMENT_HEADER_LENGTH;
  return {
    bytes,
    packet: offset,
    field,
    payload,
    size: offset + length - payload,
    offset: fragmentAt.offset(bytes, header),
    hasMore: fragmentAt.hasMore(bytes, header),
    identification: fragmentAt.identification(bytes, header),
  };
}

/** What is wrong with a fragment by itself: undefined for nothing, null for what nobody is told. */
function faultOf(fragment: Fragment): FragmentFault | null | undefined {
  const { bytes, packet, payload, size, offset, hasMore } = fragment;
  if (hasMore && size % FRAGMENT_HEADER_LENGTH !== 0) return BAD_LENGTH;
  const extensions = payload - FRAGMENT_HEADER_LENGTH - packet - IPV6_HEADER_LENGTH;
  if (extensions + offset + size > MAX_REASSEMBLED_PAYLOAD) return null;
  if (offset !== 0) return undefined;
  const length = payload + size - packet;
  // Neighbor Discovery is never fragmented (RFC 6980 §5).
  if (hidesNd(bytes, packet, length)) return null;
  return hasWholeChain(bytes, packet, length) ? undefined : INCOMPLETE_CHAIN;
}

/** Whether a first fragment has all headers, that of the upper layer included (RFC 7112 §5). */
function hasWholeChain(bytes: Uint8Array, packet: number, length: number): boolean {
  const upper = findUpperLayer(bytes, packet, length);
  if (upper === null) return false;
  return upper.offset + (LEAST_HEADERS.get(upper.nextHeader) ?? 0) <= packet + length;
}

import type { UdpEndpoint } from '@6bed4/codec';
import {
  ICMPV6_ECHO_REQUEST,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  payloadLength,
  SecretHash,
  TCP_ACK,
  TCP_FLAGS_OFFSET,
  TCP_SYN,
} from '@6bed4/nd';
import { REPLY_TIME } from '../defaults.js';
import { DISTANT_PAST } from '../time.js';

/** Buckets of {@link OpenReplies}, in bits. */
const BUCKET_BITS = 13;
/** Replies to one packet, which may be a long one in fragments, and to several. */
const REPLIES = 4;
const MOST_REPLIES = 16;

/** Whether a packet is a reply to what its destination sent, as far as the packet itself tells. */
export const Reply = { no: 0, perhaps: 1, yes: 2 } as const;

/**
 * Tells by a packet of the local side whether it replies to what its destination sent. A TCP SYN and an
 * ICMPv6 echo request do not; everything else in TCP and ICMPv6 does, or continues what such a packet
 * began. Other protocols do not show it.
 */
export function replyIn(bytes: Uint8Array, offset: number): number {
  const upper = offset + IPV6_HEADER_LENGTH;
  const length = payloadLength(bytes, offset);
  switch (bytes[offset + NEXT_HEADER_OFFSET]) {
    case NEXT_HEADER_TCP: {
      const flags = bytes[upper + TCP_FLAGS_OFFSET]! & (TCP_SYN | TCP_ACK);
      return length > TCP_FLAGS_OFFSET && flags === TCP_SYN ? Reply.no : Reply.yes;
    }
    case NEXT_HEADER_ICMPV6:
      return length > 0 && bytes[upper] === ICMPV6_ECHO_REQUEST ? Reply.no : Reply.yes;
    default:
      return Reply.perhaps;
  }
}

/**
 * Replies that the local side may still send to remotes which have no slot: four for each packet that
 * came from there within {@link REPLY_TIME}, or twice that. Endpoints that fall into the same bucket share it,
 * and none can be chosen to do so.
 */
export class OpenReplies {
  readonly #hash: SecretHash;
  #recent = new Uint8Array();
  #older = new Uint8Array();
  /** Time at which the recent ones begin. */
  #since = DISTANT_PAST;

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(random: () => number) {
    this.#hash = new SecretHash(BUCKET_BITS, random);
  }

  /** A packet came from an endpoint. */
  open(from: Readonly<UdpEndpoint>, now: number): void {
    this.#turn(now);
    const bucket = this.#hash.bucketOf(from.addressBits, from.port);
    this.#recent[bucket] = Math.min(this.#recent[bucket]! + REPLIES, MOST_REPLIES);
  }

  /** Whether a packet to an endpoint may be a reply; then it closes one. */
  close(to: Readonly<UdpEndpoint>, now: number): boolean {
    if (this.#recent.length === 0) return false;
    this.#turn(now);
    const bucket = this.#hash.bucketOf(to.addressBits, to.port);
    const counts = this.#older[bucket]! > 0 ? this.#older : this.#recent;
    if (counts[bucket] === 0) return false;
    counts[bucket]!--;
    return true;
  }

  #turn(now: number): void {
    if (this.#recent.length === 0) {
      this.#recent = new Uint8Array(2 ** BUCKET_BITS);
      this.#older = new Uint8Array(2 ** BUCKET_BITS);
    }
    const age = now - this.#since;
    if (age < REPLY_TIME) return;
    const oldest = this.#older;
    this.#older = this.#recent;
    this.#recent = oldest.fill(0);
    if (age >= 2 * REPLY_TIME) this.#older.fill(0);
    this.#since = now;
  }
}

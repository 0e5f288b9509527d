import { readInt32 } from '@6bed4/codec';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '@6bed4/nd';
import type { RestoredOptions } from '../connection/peerSyn.js';
import type { Segment } from '../segment/segment.js';
import { advance, isAfter } from '../segment/sequence.js';
import type { SipHash } from './sipHash.js';

/** Milliseconds that a slot lasts, and the slots that a cookie is good for. */
const SLOT = 64_000;
const VALID_SLOTS = 2;
/** Milliseconds that a cookie is good for at most. */
export const COOKIE_LIFETIME = SLOT * VALID_SLOTS;
/** Segment sizes that a cookie can name; 1220 is that of the smallest MTU of IPv6. */
const SIZES = [88, 536, 1_220, 1_440] as const;
const HASH_MASK = 0x0fff_ffff;
/** Bits of our timestamp that hold what the SYN offered: a shift of windows, and SACK. */
const OPTION_BITS = 6;
const NO_SCALE = 15;
const SACK_BIT = 0x10;

/**
 * SYN cookies (RFC 4987 §3.6): the sequence number of the answer proves to us later that we have answered, so
 * that nothing has to be kept for SYNs that exceed the backlog. 28 bits of it are a keyed hash, two
 * name the segment size, two the time. What else was offered goes into the timestamp, if there is one.
 */
export class SynCookies {
  readonly #hash: SipHash;
  readonly #words = new Int32Array(12);

  constructor(hash: SipHash) {
    this.#hash = hash;
  }

  /** The sequence number of the answer to a SYN. */
  sequenceFor(segment: Segment, now: number): number {
    // Without the option, 1220 (RFC 9293 §3.7.1).
    const wanted = segment.maximumSegmentSize || SIZES[2];
    let size = SIZES.length - 1;
    while (size > 0 && SIZES[size]! > wanted) size--;
    const slot = Math.floor(now / SLOT);
    return this.#sequence(segment, segment.sequence, slot, size);
  }

  /** Our timestamp in the answer to a SYN, whose lowest bits tell what it offered. */
  timestampFor(segment: Segment, timestamp: number): number {
    const scale = segment.windowScale < 0 ? NO_SCALE : segment.windowScale;
    const options = scale | (segment.isSackPermitted ? SACK_BIT : 0);
    const marked = ((timestamp >>> OPTION_BITS) << OPTION_BITS) | options;
    // Never later than now, so that what follows is not taken for older (RFC 7323 §5.3).
    return isAfter(marked, timestamp) ? advance(marked, -(1 << OPTION_BITS)) : marked;
  }

  /** What was agreed with who acknowledges a cookie; null when it is none of ours, or too old. */
  check(segment: Segment, now: number): RestoredOptions | null {
    const cookie = advance(segment.acknowledgment, -1);
    const size = cookie & 3;
    const current = Math.floor(now / SLOT);
    for (let age = 0; age < VALID_SLOTS; age++) {
      const slot = current - age;
      if (((cookie >>> 2) & 3) !== (slot & 3)) continue;
      if (this.#sequence(segment, advance(segment.sequence, -1), slot, size) !== cookie) continue;
      const options = segment.timestampEcho & ((1 << OPTION_BITS) - 1);
      const scale = options & NO_SCALE;
      return {
        segmentSize: SIZES[size]!,
        scale: !segment.hasTimestamps || scale === NO_SCALE ? -1 : scale,
        hasSack: segment.hasTimestamps && (options & SACK_BIT) !== 0,
      };
    }
    return null;
  }

  #sequence(segment: Segment, peerInitial: number, slot: number, size: number): number {
    const { bytes, packet } = segment;
    const words = this.#words;
    for (let word = 0; word < 4; word++) {
      words[word] = readInt32(bytes, packet + SOURCE_OFFSET + 4 * word);
      words[4 + word] = readInt32(bytes, packet + DESTINATION_OFFSET + 4 * word);
    }
    words[8] = (segment.sourcePort << 16) | segment.destinationPort;
    words[9] = peerInitial;
    words[10] = slot;
    words[11] = size;
    return ((this.#hash.hash(words) & HASH_MASK) << 4) | ((slot & 3) << 2) | size;
  }
}

import { TCP_CWR } from '@6bed4/nd';
import type { MemoryPool } from '../segment/memoryPool.js';
import type { Segment } from '../segment/segment.js';
import { advance, distance, earlier, isAfter, isBefore } from '../segment/sequence.js';
import { ReceiveQueue } from './receiveQueue.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Longest time that an acknowledgment waits, in milliseconds (RFC 9293 §3.8.6.3: less than 500). */
const ACK_DELAY = 40;
/** Segments that a delayed acknowledgment may be about (RFC 9293 §3.8.6.3). */
const SEGMENTS_PER_ACK = 2;
/**
 * Segments that one acknowledgment may be about where they arrive together, as with receive offload (RFC 9293
 * §3.8.6.3).
 */
const SEGMENTS_PER_BATCH = 32;
/** Segments at the beginning that are acknowledged at once, so that slow start is quick. */
const QUICK_ACKS = 16;
/** Milliseconds after which an old timestamp says nothing any more (RFC 7323 §5.5: 24 days). */
const TIMESTAMP_LIFETIME = 24 * 24 * 3_600_000;
/** First buffer, in bytes; it grows as the reader keeps up. */
const INITIAL_LIMIT = 262_144;
const HIGHEST_WINDOW = 65_535;

/** The receiving half of a connection, from the first byte behind the SYN on. Times in milliseconds. */
export class Receiver {
  readonly queue: ReceiveQueue;
  /** Shift of the windows that we send (RFC 7323 §2.2). */
  windowScale = 0;
  usesTimestamps = false;
  usesEcn = false;
  /** TS.Recent: the timestamp to echo (RFC 7323 §4.3). */
  recentTimestamp = 0;
  /** Edges of the last data that arrived twice, to be reported once (RFC 2883); none when equal. */
  duplicateLeft = 0;
  duplicateRight = 0;
  /** Whether congestion marks are echoed until the other side has reacted (RFC 3168 §6.1.3). */
  echoesCongestion = false;

  readonly #highestLimit: number;
  #limit: number;
  #recentAt = 0;
  /** The right edge of the window that was offered last. */
  #edge: number;
  #lastAcknowledged: number;
  #isAckDue = false;
  /** Whether that cannot wait for what else has arrived. */
  #isAckUrgent = false;
  #delayedUntil = NEVER;
  #unacknowledgedSegments = 0;
  #quickAcks = QUICK_ACKS;
  #segmentSize: number;
  #hasFin = false;
  #fin = 0;
  #consumed = 0;
  #consumedSince = 0;

  /**
   * @param next - RCV.NXT
   * @param highestLimit - bytes that are kept for the reader at most, no more than the window can express
   * @param segmentSize - data of a segment, in bytes
   * @param pool - of the memory for what is kept
   */
  constructor(next: number, highestLimit: number, segmentSize: number, pool?: MemoryPool) {
    this.queue = new ReceiveQueue(next, pool);
    this.#highestLimit = highestLimit;
    this.#limit = Math.min(INITIAL_LIMIT, highestLimit);
    this.#segmentSize = segmentSize;
    this.#edge = next;
    this.#lastAcknowledged = next;
  }

  /** RCV.NXT. */
  get next(): number {
    return this.queue.next;
  }

  /** Whether an acknowledgment has to go now. */
  get isAckDue(): boolean {
    return this.#isAckDue;
  }

  /** Whether an acknowledgment may wait until all is taken that has arrived together. */
  get mayWait(): boolean {
    return !this.#isAckUrgent && this.#unacknowledgedSegments < SEGMENTS_PER_BATCH;
  }

  /** When a delayed acknowledgment has to go. */
  get deadline(): number {
    return this.#delayedUntil;
  }

  /** Whether the other side has sent its FIN and everything before it. */
  get isFinished(): boolean {
    return this.#hasFin && isAfter(this.queue.next, this.#fin);
  }

  /** RCV.WND: bytes that are taken from RCV.NXT on; a FIN may lie behind a closed window. */
  get window(): number {
    return Math.max(0, distance(this.queue.next, this.#edge));
  }

  /**
   * Whether a segment lies in the window at least in part (RFC 9293 §3.10.7.4, first check). What probes a
   * closed window is accepted for its acknowledgment; its data is not taken.
   */
  accepts(segment: Segment): boolean {
    const { window } = this;
    const { sequence, length } = segment;
    const first = distance(this.queue.next, sequence);
    if (window === 0) return first === 0;
    if (length === 0) return first >= 0 && first < window;
    const last = first + length - 1;
    return (first >= 0 && first < window) || (last >= 0 && last < window);
  }

  /** Whether a segment is an old duplicate, as its timestamp shows (PAWS, RFC 7323 §5.3). */
  isOutdated(segment: Segment, now: number): boolean {
    return (
      this.usesTimestamps &&
      segment.hasTimestamps &&
      isBefore(segment.timestamp, this.recentTimestamp) &&
      now - this.#recentAt < TIMESTAMP_LIFETIME
    );
  }

  /** What is not accepted, but is answered: data that had arrived is reported (RFC 2883 §4). */
  refuse(segment: Segment): void {
    this.#noteDuplicate(segment);
    this.requireAck();
  }

  /** Notes the timestamp to echo (RFC 7323 §4.3). */
  noteTimestamp(segment: Segment, now: number): void {
    if (!this.usesTimestamps || !segment.hasTimestamps) return;
    if (this.isOutdated(segment, now)) return;
    if (isAfter(segment.sequence, this.#lastAcknowledged)) return;
    this.recentTimestamp = segment.timestamp;
    this.#recentAt = now;
  }

  /** The first timestamp, of a SYN. */
  beginTimestamps(timestamp: number, now: number): void {
    this.usesTimestamps = true;
    this.recentTimestamp = timestamp;
    this.#recentAt = now;
  }

  /**
   * Takes data and FIN of an acceptable segment.
   *
   * @returns whether there is more to read than before, or the end
   */
  take(segment: Segment, now: number): boolean {
    this.#heedEcn(segment);
    if (segment.length === 0) return false;
    const before = this.queue.next;
    const hadGaps = this.queue.hasGaps;
    this.#noteDuplicate(segment);
    const grew = this.#takeData(segment);
    const ended = this.#takeFin(segment);
    const inOrder = isAfter(this.queue.next, before);
    this.#unacknowledgedSegments++;
    // Gaps and what closes them are reported at once (RFC 5681 §4.2).
    const isUrgent = !inOrder || hadGaps || ended || this.#quickAcks > 0;
    if (this.#quickAcks > 0) this.#quickAcks--;
    if (isUrgent) this.requireAck();
    else if (this.#unacknowledgedSegments >= SEGMENTS_PER_ACK) this.#isAckDue = true;
    else if (this.#delayedUntil === NEVER) this.#delayedUntil = now + ACK_DELAY;
    return grew || ended;
  }

  /** The window of our SYN, in bytes. */
  offerFirst(window: number): void {
    this.#edge = advance(this.queue.next, window);
  }

  /** An acknowledgment has to go, for whatever reason. */
  requireAck(): void {
    this.#isAckDue = true;
    this.#isAckUrgent = true;
  }

  /** The time of a delayed acknowledgment may have come. */
  expire(now: number): void {
    if (now >= this.#delayedUntil) this.#isAckDue = true;
  }

  /** A segment with this acknowledgment and window was sent. */
  acknowledged(): void {
    this.#lastAcknowledged = this.queue.next;
    this.#isAckDue = false;
    this.#isAckUrgent = false;
    this.#delayedUntil = NEVER;
    this.#unacknowledgedSegments = 0;
    this.duplicateLeft = this.duplicateRight;
  }

  /**
   * The window field of the segment that is sent now. The right edge never moves to the left, and to the
   * right only by what is worth a segment (RFC 9293 §3.8.6.2.2).
   *
   * @param isScaled - false in a SYN
   */
  offerWindow(isScaled: boolean): number {
    const shift = isScaled ? this.windowScale : 0;
    const room = this.#room;
    const wanted = this.#wantedEdge(room);
    const gain = distance(this.#edge, wanted);
    if (gain >= Math.min(room >> 1, this.#segmentSize)) this.#edge = wanted;
    // Rounded down, though all before the edge is still taken (RFC 7323 §2.4).
    return Math.min(this.window >> shift, HIGHEST_WINDOW);
  }

  /**
   * The reader has taken bytes.
   *
   * @param roundTrip - milliseconds, as far as known
   * @returns whether the window has opened so far that the other side should know
   */
  consumed(count: number, roundTrip: number, now: number): boolean {
    this.#consumed += count;
    this.#grow(roundTrip, now);
    const room = this.#room;
    const gain = distance(this.#edge, this.#wantedEdge(room));
    return (
      !this.#hasFin && gain >= Math.min(room >> 1, 2 * this.#segmentSize) && this.window < room >> 1
    );
  }

  /** Bytes that can be kept for the reader, with those that are. */
  get #room(): number {
    return Math.min(this.#limit, this.queue.available);
  }

  /** Where the window should end, by what was read. */
  #wantedEdge(room: number): number {
    return advance(this.queue.next, Math.max(0, room - this.queue.readable));
  }

  /** The buffer follows a reader that takes more than a quarter of it in a round trip: slow start doubles that. */
  #grow(roundTrip: number, now: number): void {
    if (now - this.#consumedSince < Math.max(roundTrip, 1)) return;
    if (this.#consumed > this.#limit >> 2) {
      this.#limit = Math.min(this.#highestLimit, 2 * this.#limit);
    }
    this.#consumed = 0;
    this.#consumedSince = now;
  }

  #heedEcn(segment: Segment): void {
    if (!this.usesEcn) return;
    if ((segment.flags & TCP_CWR) !== 0) this.echoesCongestion = false;
    if (!segment.isCongestionExperienced) return;
    this.echoesCongestion = true;
    this.requireAck();
  }

  #noteDuplicate(segment: Segment): void {
    if (segment.dataLength === 0) return;
    const known = this.queue.endOfKnown(segment.sequence);
    if (!isAfter(known, segment.sequence)) return;
    this.duplicateLeft = segment.sequence;
    this.duplicateRight = earlier(advance(segment.sequence, segment.dataLength), known);
  }

  #takeData(segment: Segment): boolean {
    const { sequence, dataOffset } = segment;
    const inside = distance(sequence, this.#edge);
    let length = Math.min(segment.dataLength, inside);
    // Nothing comes behind a FIN.
    if (this.#hasFin) length = Math.min(length, distance(sequence, this.#fin));
    return length > 0 && this.queue.take(sequence, segment.bytes, dataOffset, length);
  }

  #takeFin(segment: Segment): boolean {
    if (segment.isFin && !this.#hasFin) {
      const fin = advance(segment.sequence, segment.dataLength);
      if (!isAfter(fin, this.#edge) && !isBefore(fin, this.queue.next)) {
        this.#hasFin = true;
        this.#fin = fin;
      }
    }
    if (!this.#hasFin || this.queue.next !== this.#fin) return false;
    this.queue.end();
    return true;
  }
}

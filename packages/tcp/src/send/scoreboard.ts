import type { Segment } from '../segment/segment.js';
import { distance, isAfter, isBefore } from '../segment/sequence.js';
import type { DeliveryRate } from './deliveryRate.js';
import type { Rack } from './rack.js';
import type { SentSegments } from './sentSegments.js';

const MOST_BLOCKS = 4;
const NOTHING = new Int32Array(0);

/** What one acknowledgment says about the segments that were sent (RFC 6675 §5, RFC 2018, RFC 2883). */
export class Scoreboard {
  /** Bytes that were newly delivered. */
  delivered = 0;
  /** Milliseconds; 0 when it cannot be told. */
  roundTrip = 0;
  /** When the first segment was sent last that was acknowledged in order and sent more than once; NaN without. */
  repeatedAt = Number.NaN;
  /** Whether a segment was newly delivered that was sent once, and before the recovery point. */
  hasOriginal = false;
  /** Whether data was reported that arrived twice; its edges. */
  isDuplicate = false;
  duplicateLeft = 0;
  duplicateRight = 0;

  readonly #segments: SentSegments;
  readonly #rack: Rack;
  readonly #rate: DeliveryRate;
  /** The blocks of the last acknowledgment: what lies in them was marked then. */
  #known = NOTHING;
  #knownCount = 0;

  constructor(segments: SentSegments, rack: Rack, rate: DeliveryRate) {
    this.#segments = segments;
    this.#rack = rack;
    this.#rate = rate;
  }

  /**
   * Takes an acceptable acknowledgment.
   *
   * @param next - SND.NXT
   * @param recoveryPoint - what {@link hasOriginal} is about
   */
  take(segment: Segment, next: number, recoveryPoint: number, now: number): void {
    this.delivered = 0;
    this.roundTrip = 0;
    this.repeatedAt = Number.NaN;
    this.hasOriginal = false;
    this.isDuplicate = false;
    this.#rate.begin();
    this.#removeAcknowledged(segment, recoveryPoint, now);
    if (segment.sackCount > 0) {
      this.#findDuplicate(segment);
      this.#markSacked(segment, next, recoveryPoint, now);
    } else {
      this.#knownCount = 0;
    }
  }

  /** The receiver has discarded what it said to have (RFC 2018 §8). */
  forget(): void {
    this.#segments.forgetSacked();
    this.#knownCount = 0;
  }

  #removeAcknowledged(segment: Segment, recoveryPoint: number, now: number): void {
    const segments = this.#segments;
    const { acknowledgment } = segment;
    while (segments.count > 0 && !isAfter(segments.endOf(0), acknowledgment)) {
      if (segments.isRetransmitted(0) && Number.isNaN(this.repeatedAt)) {
        this.repeatedAt = segments.sentAtOf(0);
      }
      if (!segments.isSacked(0)) this.#deliver(0, segment, recoveryPoint, now);
      segments.shift();
    }
    // What came behind a gap waited for the one that was sent again (Karn's algorithm).
    if (!Number.isNaN(this.repeatedAt)) this.roundTrip = 0;
    if (segments.count === 0 || !isBefore(segments.startOf(0), acknowledgment)) return;
    if (!segments.isSacked(0)) {
      const part = distance(segments.startOf(0), acknowledgment);
      this.delivered += part;
      this.#rate.deliverPart(part, now);
    }
    segments.cut(acknowledgment);
  }

  #markSacked(segment: Segment, next: number, recoveryPoint: number, now: number): void {
    const segments = this.#segments;
    const { sackEdges, sackCount, acknowledgment } = segment;
    // From the lowest on: an older block that was not seen before is no sign of reordering (RFC 8985 §6.2, step 3).
    let behind = acknowledgment;
    for (let turn = 0; turn < sackCount; turn++) {
      const block = this.#lowestBlock(segment, behind, next);
      if (block < 0) break;
      const left = sackEdges[2 * block]!;
      const right = sackEdges[2 * block + 1]!;
      behind = left;
      let index = segments.indexBehind(this.#behindKnown(left));
      for (; index < segments.count && !isAfter(segments.endOf(index), right); index++) {
        if (segments.isSacked(index) || !segments.isWithin(index, left, right)) continue;
        this.#deliver(index, segment, recoveryPoint, now);
        segments.markSacked(index);
      }
    }
    if (this.#known === NOTHING) this.#known = new Int32Array(2 * MOST_BLOCKS);
    for (let edge = 0; edge < 2 * sackCount; edge++) this.#known[edge] = sackEdges[edge]!;
    this.#knownCount = sackCount;
  }

  /** The sound block with the lowest left edge behind a sequence number, or −1. */
  #lowestBlock({ sackEdges, sackCount }: Segment, behind: number, next: number): number {
    let lowest = -1;
    for (let block = 0; block < sackCount; block++) {
      const left = sackEdges[2 * block]!;
      const right = sackEdges[2 * block + 1]!;
      const isSound = isBefore(left, right) && isAfter(left, behind) && !isAfter(right, next);
      if (isSound && (lowest < 0 || isBefore(left, sackEdges[2 * lowest]!))) lowest = block;
    }
    return lowest;
  }

  /** Where to go on behind a left edge, since what comes first was marked by the last acknowledgment. */
  #behindKnown(left: number): number {
    const known = this.#known;
    for (let block = 0; block < this.#knownCount; block++) {
      const right = known[2 * block + 1]!;
      if (!isBefore(left, known[2 * block]!) && isBefore(left, right)) return right;
    }
    return left;
  }

  #deliver(index: number, segment: Segment, recoveryPoint: number, now: number): void {
    const segments = this.#segments;
    this.#rack.delivered(index, segment, now);
    this.#rate.deliver(index, now);
    this.delivered += segments.lengthOf(index);
    if (segments.isRetransmitted(index)) return;
    this.roundTrip = Math.max(now - segments.sentAtOf(index), 0.001);
    if (!isAfter(segments.endOf(index), recoveryPoint)) this.hasOriginal = true;
  }

  /** Whether the first SACK block reports data that arrived twice (RFC 2883 §4). */
  #findDuplicate(segment: Segment): void {
    const edges = segment.sackEdges;
    const [left, right] = [edges[0]!, edges[1]!];
    if (!isBefore(left, right)) return;
    this.isDuplicate =
      !isAfter(right, segment.acknowledgment) ||
      (segment.sackCount > 1 && !isBefore(left, edges[2]!) && !isAfter(right, edges[3]!));
    this.duplicateLeft = left;
    this.duplicateRight = right;
  }
}

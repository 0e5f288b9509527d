import type { Segment } from '../segment/segment.js';
import { isAfter, isBefore } from '../segment/sequence.js';
import type { RoundTrip } from './roundTrip.js';
import type { SentSegments } from './sentSegments.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Segments delivered behind a gap that show loss when nothing was ever reordered (RFC 8985 §6.2, step 4). */
const DUPLICATES = 3;
/** Recoveries for which a wider reordering window lasts (RFC 8985 §6.2, step 4). */
const PERSISTENCE = 16;

/**
 * Time-based detection of loss: RACK (RFC 8985 §6). A segment is lost when one that was sent later has
 * been delivered, and enough time has passed for them to have been reordered. In milliseconds.
 */
export class Rack {
  /** When {@link detect} has to be called again; infinite for not. */
  deadline = NEVER;
  /** What our timestamps are ahead of the clock; for those that the other side echoes. */
  timestampOffset = 0;
  readonly #segments: SentSegments;
  readonly #roundTrip: RoundTrip;
  readonly #lost: (index: number) => void;
  /** When the segment was sent that was sent last of those delivered, its end, and its round trip. */
  #sentAt = Number.NEGATIVE_INFINITY;
  #end = 0;
  #time = 0;
  /** The highest end of delivered data; only with {@link #hasForward}. */
  #forward = 0;
  #hasForward = false;
  #isReordered = false;
  #multiplier = 1;
  #persistence = PERSISTENCE;
  /** The end of what had been sent when a duplicate was last reported. */
  #duplicateRound: number | null = null;

  /** @param lost - called for each segment that is marked */
  constructor(segments: SentSegments, roundTrip: RoundTrip, lost: (index: number) => void) {
    this.#segments = segments;
    this.#roundTrip = roundTrip;
    this.#lost = lost;
  }

  /** A segment was delivered (steps 2 and 3). Call it before the segment is marked or removed. */
  delivered(index: number, segment: Segment, now: number): void {
    const segments = this.#segments;
    const end = segments.endOf(index);
    const sentAt = segments.sentAtOf(index);
    const isRetransmitted = segments.isRetransmitted(index);
    if (!this.#hasForward || isAfter(end, this.#forward)) {
      this.#forward = end;
      this.#hasForward = true;
    } else if (!isRetransmitted && isBefore(end, this.#forward)) {
      this.#isReordered = true;
    }
    const time = now - sentAt;
    // It may have been the first transmission that arrived.
    if (isRetransmitted && (time < this.#roundTrip.minimum || this.#echoesEarlier(segment, sentAt)))
      return;
    if (sentAt < this.#sentAt || (sentAt === this.#sentAt && !isAfter(end, this.#end))) return;
    this.#sentAt = sentAt;
    this.#end = end;
    this.#time = time;
  }

  /**
   * Marks what is lost (step 5), and sets {@link deadline}.
   *
   * @param isRecovering - whether loss was detected before, or the timer had expired
   */
  detect(isRecovering: boolean, now: number): void {
    this.deadline = NEVER;
    const segments = this.#segments;
    let index = segments.oldest;
    if (index < 0 || !this.#wasSentBefore(index)) return;
    const wait = this.#time + this.#reorderingWindow(isRecovering);
    while (index >= 0 && this.#wasSentBefore(index)) {
      const until = segments.sentAtOf(index) + wait;
      if (until > now) {
        this.deadline = until;
        return;
      }
      const next = segments.sentAfter(index);
      segments.markLost(index);
      this.#lost(index);
      index = next;
    }
  }

  /** The retransmission timer expired: what was sent so long ago is lost, and the first one (§6.3). */
  markOnTimeout(now: number): void {
    this.deadline = NEVER;
    const segments = this.#segments;
    const wait = this.#time + this.#reorderingWindow(true);
    for (let index = segments.oldest; index >= 0; ) {
      if (segments.sentAtOf(index) + wait > now) break;
      const next = segments.sentAfter(index);
      segments.markLost(index);
      this.#lost(index);
      index = next;
    }
    if (segments.count > 0 && segments.markLost(0)) this.#lost(0);
  }

  /** The receiver reported data twice: what was sent again had not been lost (RFC 2883). */
  noticeDuplicate(acknowledgment: number, next: number): void {
    if (this.#duplicateRound !== null && isBefore(acknowledgment, this.#duplicateRound)) return;
    this.#duplicateRound = next;
    this.#multiplier++;
    this.#persistence = PERSISTENCE;
  }

  /** Recovery is over. */
  recovered(): void {
    if (this.#multiplier === 1 || --this.#persistence > 0) return;
    this.#multiplier = 1;
    this.#persistence = PERSISTENCE;
  }

  #reorderingWindow(isRecovering: boolean): number {
    if (!this.#isReordered && (isRecovering || this.#segments.sackedCount >= DUPLICATES)) return 0;
    const { minimum, smoothed } = this.#roundTrip;
    if (minimum === NEVER) return 0;
    return Math.min((this.#multiplier * minimum) / 4, smoothed);
  }

  /** Whether a timestamp is from before the last transmission of a segment. */
  #echoesEarlier(segment: Segment, sentAt: number): boolean {
    const timestamp = (Math.floor(sentAt) + this.timestampOffset) | 0;
    return segment.hasTimestamps && isBefore(segment.timestampEcho, timestamp);
  }

  /** Whether a segment was sent before the one that counts. */
  #wasSentBefore(index: number): boolean {
    const sentAt = this.#segments.sentAtOf(index);
    return (
      sentAt < this.#sentAt ||
      (sentAt === this.#sentAt && isBefore(this.#segments.endOf(index), this.#end))
    );
  }
}

import { isAfter, isBefore } from '../segment/sequence.js';
import type { RoundTrip } from './roundTrip.js';
import type { SentSegments } from './sentSegments.js';

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
  deadline = Number.POSITIVE_INFINITY;
  readonly #segments: SentSegments;
  readonly #roundTrip: RoundTrip;
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

  constructor(segments: SentSegments, roundTrip: RoundTrip) {
    this.#segments = segments;
    this.#roundTrip = roundTrip;
  }

  /**
   * A segment was delivered (steps 2 and 3). Call it before the segment is marked or removed.
   *
   * @param echoesEarlier - whether the timestamp echoed is older than the last transmission, so that it
   * answers an earlier one
   */
  delivered(index: number, echoesEarlier: boolean, now: number): void {
    const segments = this.#segments;
    const end = segments.endOf(index);
    const sentAt = segments.sentAtOf(index);
    const time = now - sentAt;
    const isRetransmitted = segments.isRetransmitted(index);
    if (!this.#hasForward || isAfter(end, this.#forward)) {
      this.#forward = end;
      this.#hasForward = true;
    } else if (isBefore(end, this.#forward) && !isRetransmitted) {
      this.#isReordered = true;
    }
    if (isRetransmitted && (echoesEarlier || time < this.#roundTrip.minimum)) return;
    if (!this.#isSentAfter(sentAt, end)) return;
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
    const segments = this.#segments;
    const wait = this.#time + this.#reorderingWindow(isRecovering);
    let deadline = Number.POSITIVE_INFINITY;
    for (let index = 0; index < segments.count; index++) {
      if (segments.isSacked(index) || segments.isLost(index)) continue;
      const sentAt = segments.sentAtOf(index);
      // What was sent for the first time behind the highest delivered byte was sent later.
      if (!segments.isRetransmitted(index) && isAfter(segments.endOf(index), this.#forward)) break;
      if (!this.#wasSentBefore(sentAt, segments.endOf(index))) continue;
      if (sentAt + wait <= now) segments.markLost(index);
      else deadline = Math.min(deadline, sentAt + wait);
    }
    this.deadline = deadline;
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
    if (!this.#isReordered && (isRecovering || this.#countSacked() >= DUPLICATES)) return 0;
    const { minimum, smoothed } = this.#roundTrip;
    if (minimum === Number.POSITIVE_INFINITY) return 0;
    return Math.min((this.#multiplier * minimum) / 4, smoothed);
  }

  #countSacked(): number {
    const segments = this.#segments;
    if (segments.sacked === 0) return 0;
    let count = 0;
    for (let index = 0; index < segments.count && count < DUPLICATES; index++) {
      if (segments.isSacked(index)) count++;
    }
    return count;
  }

  /** Whether a delivered segment was sent after the one that counts until now. */
  #isSentAfter(sentAt: number, end: number): boolean {
    return sentAt > this.#sentAt || (sentAt === this.#sentAt && isAfter(end, this.#end));
  }

  /** Whether a segment was sent before the one that counts. */
  #wasSentBefore(sentAt: number, end: number): boolean {
    return sentAt < this.#sentAt || (sentAt === this.#sentAt && isBefore(end, this.#end));
  }
}

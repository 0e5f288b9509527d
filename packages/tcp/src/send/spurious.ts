import type { Segment } from '../segment/segment.js';
import { isAfter, isBefore } from '../segment/sequence.js';

/** New segments that are sent to learn whether a timeout was spurious (RFC 5682 §2.1, step 2b). */
const FORWARD_SEGMENTS = 2;

/** How far F-RTO is. */
type Forward =
  | 'off'
  /** The first segment was sent again. */
  | 'repeated'
  /** New data was sent instead of what follows the first segment. */
  | 'forward';

/**
 * Whether what was sent again had not been lost. Three ways: a timestamp echoed that is older than the first
 * retransmission (Eifel, RFC 3522), reports that each retransmission arrived as a duplicate (RFC 3708), and F-RTO
 * after a timeout (RFC 5682).
 */
export class SpuriousDetection {
  /** New segments that F-RTO lets out instead of retransmissions. */
  allowance = 0;
  #isOpen = false;
  #isFirst = false;
  #timestamp = 0;
  /** Retransmissions whose duplicates were not reported yet. */
  #repeated = 0;
  #hasRepeated = false;
  /** What retransmissions were of: these edges at most. */
  #left = 0;
  #right = 0;
  #forward: Forward = 'off';

  /** Whether retransmissions wait for what F-RTO learns. */
  get isForward(): boolean {
    return this.#forward === 'forward';
  }

  /**
   * Loss was detected.
   *
   * @param left - SND.UNA
   * @param right - SND.NXT
   * @param usesForward - whether F-RTO decides: a first timeout without recovery before it
   */
  begin(left: number, right: number, usesForward: boolean): void {
    this.#isOpen = true;
    this.#isFirst = true;
    this.#hasRepeated = false;
    this.#repeated = 0;
    this.#left = left;
    this.#right = right;
    this.#forward = usesForward ? 'repeated' : 'off';
    this.allowance = 0;
  }

  /** Nothing is undone any more. */
  end(): void {
    this.#isOpen = false;
    this.#forward = 'off';
    this.allowance = 0;
  }

  /** The timer expired again: it was no mere delay. */
  endForward(): void {
    this.#forward = 'off';
    this.allowance = 0;
  }

  /** A segment was sent again, with this timestamp. */
  resent(timestamp: number): void {
    if (!this.#hasRepeated) this.#timestamp = timestamp;
    this.#hasRepeated = true;
    this.#repeated++;
  }

  /** A new segment was sent. */
  sentNew(): void {
    if (this.allowance > 0) this.allowance--;
  }

  /** The receiver reports data that arrived twice; returns whether that goes for all that was sent again. */
  duplicated(left: number, right: number): boolean {
    if (!this.#isOpen || !this.#hasRepeated) return false;
    if (isBefore(left, this.#left) || isAfter(right, this.#right)) return false;
    return --this.#repeated === 0;
  }

  /** An acknowledgment of something new came; whether it answers what was sent before all retransmissions. */
  echoesEarlier(segment: Segment): boolean {
    if (!this.#isOpen || !this.#isFirst || !this.#hasRepeated) return false;
    this.#isFirst = false;
    return segment.hasTimestamps && isBefore(segment.timestampEcho, this.#timestamp);
  }

  /**
   * F-RTO (RFC 5682 §2.1 and §3.1): what an acknowledgment after a timeout shows.
   *
   * @param advanced - whether it acknowledges something new in order
   * @param hasOriginal - whether it acknowledges something, in order or not, that was sent only once
   * @param canSend - whether there is new data that may be sent
   * @returns whether the timeout was spurious
   */
  decide(advanced: boolean, hasOriginal: boolean, canSend: boolean): boolean {
    if (this.#forward === 'off') return false;
    if (this.#forward === 'repeated') {
      if (advanced && canSend) {
        this.#forward = 'forward';
        this.allowance = FORWARD_SEGMENTS;
      } else {
        this.endForward();
      }
      return false;
    }
    this.endForward();
    return hasOriginal;
  }
}

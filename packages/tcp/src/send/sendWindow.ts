import type { Segment } from '../segment/segment.js';
import { isAfter, isBefore } from '../segment/sequence.js';

/** The window that the other side offers (RFC 9293 §3.8.6, §3.10.7.4). In bytes. */
export class SendWindow {
  /** SND.WND. */
  size = 0;
  /** MAX.SND.WND: the largest one ever (RFC 5961 §5.2). */
  largest = 0;
  /** SND.WL1 and SND.WL2: numbers of the segment that it is from. */
  #sequence = 0;
  #acknowledgment = 0;

  open(size: number, sequence: number, acknowledgment: number): void {
    this.size = size;
    this.largest = Math.max(this.largest, size);
    this.#sequence = sequence;
    this.#acknowledgment = acknowledgment;
  }

  /** Takes the window of a segment unless a later one said otherwise; whether it is another one. */
  update(segment: Segment, size: number): boolean {
    const isNewer =
      isBefore(this.#sequence, segment.sequence) ||
      (this.#sequence === segment.sequence &&
        !isAfter(this.#acknowledgment, segment.acknowledgment));
    if (!isNewer) return false;
    const changed = size !== this.size;
    this.open(size, segment.sequence, segment.acknowledgment);
    return changed;
  }
}

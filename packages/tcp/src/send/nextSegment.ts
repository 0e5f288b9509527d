import { advance, distance, earlier } from '../segment/sequence.js';
import type { Recovery } from './recovery.js';
import type { SendQueue } from './sendQueue.js';
import type { Transmission } from './transmission.js';
import type { UnsentData } from './unsentData.js';

/** What the next segment could be: something lost, something new, or a probe. */
export class NextSegment {
  /** Whether Nagle's algorithm is off (RFC 9293 §3.7.4). */
  noDelay = false;
  readonly #recovery: Recovery;
  readonly #data: UnsentData;
  readonly #queue: SendQueue;

  constructor(recovery: Recovery, data: UnsentData, queue: SendQueue) {
    this.#recovery = recovery;
    this.#data = data;
    this.#queue = queue;
  }

  /** The first segment that was lost, if congestion control lets it out. */
  lost(): Transmission | null {
    const { segments, room } = this.#recovery;
    const index = segments.firstLost();
    if (index < 0 || room <= 0) return null;
    this.#splitLarge(index);
    return this.#data.fill(segments.startOf(index), segments.endOf(index), true);
  }

  /** New data, if both windows let it out. */
  fresh(): Transmission | null {
    const data = this.#data;
    const size = data.segmentLength;
    if (size === 0 || this.#recovery.room < size) return null;
    // Nagle: what is small waits while something is under way (RFC 9293 §3.7.4).
    const waits =
      size < data.segmentSize &&
      !this.noDelay &&
      !this.#queue.isFinished &&
      this.#recovery.segments.count > 0;
    return waits ? null : this.#freshOf(size);
  }

  /** New data, whatever congestion control says: for F-RTO (RFC 5682 §2.1, step 2b) and probes. */
  forward(): Transmission | null {
    const size = this.#data.segmentLength;
    return size === 0 ? null : this.#freshOf(size);
  }

  /** New data, or else the last segment again, to learn what was lost at the end (RFC 8985 §7.3). */
  probe(): Transmission | null {
    const { segments } = this.#recovery;
    const next = this.forward();
    if (next !== null || segments.count === 0) return next;
    const last = segments.count - 1;
    return this.#data.fill(segments.startOf(last), segments.endOf(last), true);
  }

  #freshOf(size: number): Transmission {
    const { next } = this.#data;
    return this.#data.fill(next, advance(next, size), false);
  }

  #splitLarge(index: number): void {
    const { segments } = this.#recovery;
    const dataEnd = earlier(segments.endOf(index), this.#queue.end);
    const isLarge = distance(segments.startOf(index), dataEnd) > this.#data.segmentSize;
    if (isLarge) segments.split(index, this.#data.segmentSize);
  }
}

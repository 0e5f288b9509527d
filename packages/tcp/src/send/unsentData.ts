import { advance, distance, earlier, isBefore } from '../segment/sequence.js';
import type { SendQueue } from './sendQueue.js';
import { SendWindow } from './sendWindow.js';
import { emptyTransmission, type Transmission } from './transmission.js';

/** One for all connections: it is used before anything else is sent. */
const TRANSMISSION = emptyTransmission();

/** The data that was never sent, and how much of it the other side's window takes as a segment. */
export class UnsentData {
  readonly window = new SendWindow();
  /** Bytes of data in a segment, at most. */
  segmentSize: number;
  /** SND.UNA. */
  unacknowledged: number;
  /** SND.NXT: behind all that was ever sent. */
  next: number;
  /** Whether what is less than worth a segment has to be sent. */
  isForced = false;
  readonly #queue: SendQueue;

  constructor(queue: SendQueue, start: number, segmentSize: number) {
    this.#queue = queue;
    this.segmentSize = segmentSize;
    this.unacknowledged = start;
    this.next = start;
  }

  /** Whether all that was written is acknowledged, with the FIN if there is one. */
  get isAcknowledged(): boolean {
    return this.unacknowledged === this.#end;
  }

  /** Bytes, with the FIN, that were never sent. */
  get pending(): number {
    return distance(this.next, this.#end);
  }

  /** Bytes that the other side's window still takes. */
  get usable(): number {
    return distance(this.next, advance(this.unacknowledged, this.window.size));
  }

  /** The least that is worth a segment (RFC 9293 §3.8.6.2.1). */
  get least(): number {
    if (this.isForced) return 1;
    return Math.min(this.pending, this.segmentSize, Math.max(1, this.window.largest >> 1));
  }

  /** Bytes of the next new segment, as far as the other side's window is concerned; 0 for none. */
  get segmentLength(): number {
    const size = Math.min(this.pending, this.segmentSize, this.usable);
    return size >= this.least ? Math.max(size, 0) : 0;
  }

  /** The segment from one sequence number to another one. The object is the same each time. */
  fill(start: number, end: number, isRetransmission: boolean): Transmission {
    const next = TRANSMISSION;
    const queue = this.#queue;
    const dataEnd = earlier(end, queue.end);
    next.sequence = start;
    next.length = distance(start, dataEnd);
    const reaches = queue.isFinished && !isBefore(end, queue.end);
    // A FIN goes with the last new data where the window has room for it.
    next.isFin = reaches && (end !== dataEnd || (!isRetransmission && this.usable > next.length));
    next.isPush = dataEnd === queue.end;
    next.isRetransmission = isRetransmission;
    return next;
  }

  get #end(): number {
    return this.#queue.isFinished ? advance(this.#queue.end, 1) : this.#queue.end;
  }
}

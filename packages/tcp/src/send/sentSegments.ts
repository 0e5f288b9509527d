import { advance, distance, isAfter, isBefore } from '../segment/sequence.js';

/** The receiver has it, behind a gap (RFC 2018). */
const SACKED = 1;
/** Taken for lost, and not sent again yet. */
const LOST = 2;
/** Sent more than once. */
const RETRANSMITTED = 4;

const LEAST_CAPACITY = 16;

/** The state of a delivery when a segment was sent, from which rates of delivery are sampled. */
export interface DeliveryMark {
  /** Bytes delivered until then. */
  delivered: number;
  /** When the last of them was, in milliseconds. */
  deliveredAt: number;
  /** When the first segment of that flight was sent. */
  firstSentAt: number;
  /** Whether the sender had nothing more to send. */
  isLimited: boolean;
}

/**
 * The segments that were sent and not acknowledged yet, in the order of their sequence numbers, with
 * what became of them. Numbers in columns, so that nothing is allocated for a segment.
 */
export class SentSegments {
  #start = new Int32Array(LEAST_CAPACITY);
  #end = new Int32Array(LEAST_CAPACITY);
  #sentAt = new Float64Array(LEAST_CAPACITY);
  #state = new Uint8Array(LEAST_CAPACITY);
  #delivered = new Float64Array(LEAST_CAPACITY);
  #deliveredAt = new Float64Array(LEAST_CAPACITY);
  #firstSentAt = new Float64Array(LEAST_CAPACITY);
  #limited = new Uint8Array(LEAST_CAPACITY);
  #mask = LEAST_CAPACITY - 1;
  #head = 0;
  #count = 0;
  #inFlight = 0;
  #sacked = 0;
  #lost = 0;

  /** How many there are; they have the numbers 0 to this, exclusive. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that are thought to be on their way, the pipe of RFC 6675 §2. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes that the receiver has behind gaps. */
  get sacked(): number {
    return this.#sacked;
  }

  /** Bytes that are to be sent again. */
  get lost(): number {
    return this.#lost;
  }

  startOf(index: number): number {
    return this.#start[this.#at(index)]!;
  }

  endOf(index: number): number {
    return this.#end[this.#at(index)]!;
  }

  /** When it was sent last, in milliseconds. */
  sentAtOf(index: number): number {
    return this.#sentAt[this.#at(index)]!;
  }

  isSacked(index: number): boolean {
    return (this.#state[this.#at(index)]! & SACKED) !== 0;
  }

  isLost(index: number): boolean {
    return (this.#state[this.#at(index)]! & LOST) !== 0;
  }

  isRetransmitted(index: number): boolean {
    return (this.#state[this.#at(index)]! & RETRANSMITTED) !== 0;
  }

  /** Reads how delivery stood when a segment was sent last. */
  readMark(index: number, into: DeliveryMark): void {
    const at = this.#at(index);
    into.delivered = this.#delivered[at]!;
    into.deliveredAt = this.#deliveredAt[at]!;
    into.firstSentAt = this.#firstSentAt[at]!;
    into.isLimited = this.#limited[at] !== 0;
  }

  /** A segment was sent for the first time, behind all others. */
  add(start: number, end: number, now: number, mark: Readonly<DeliveryMark>): void {
    if (this.#count > this.#mask) this.#grow();
    const at = this.#at(this.#count++);
    this.#start[at] = start;
    this.#end[at] = end;
    this.#state[at] = 0;
    this.#write(at, now, mark);
    this.#inFlight += distance(start, end);
  }

  /** A lost segment was sent again. */
  resent(index: number, now: number, mark: Readonly<DeliveryMark>): void {
    const at = this.#at(index);
    const length = this.#length(at);
    if ((this.#state[at]! & LOST) !== 0) {
      this.#lost -= length;
      this.#inFlight += length;
    }
    this.#state[at] = RETRANSMITTED;
    this.#write(at, now, mark);
  }

  /** A segment, that the receiver does not have, is taken for lost. */
  markLost(index: number): void {
    const at = this.#at(index);
    if ((this.#state[at]! & (SACKED | LOST)) !== 0) return;
    const length = this.#length(at);
    this.#state[at]! |= LOST;
    this.#inFlight -= length;
    this.#lost += length;
  }

  /** All segments that the receiver does not have are taken for lost, after a timeout (RFC 6298 §5.4). */
  markAllLost(): void {
    for (let index = 0; index < this.#count; index++) this.markLost(index);
  }

  /** What was taken for lost was not, as a late acknowledgment shows (RFC 4015). */
  unmarkLost(): void {
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      if ((this.#state[at]! & LOST) === 0) continue;
      const length = this.#length(at);
      this.#state[at]! &= ~LOST;
      this.#lost -= length;
      this.#inFlight += length;
    }
  }

  /** The receiver has discarded what it said to have, which it may (RFC 2018 §8). */
  forgetSacked(): void {
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      if ((this.#state[at]! & SACKED) === 0) continue;
      const length = this.#length(at);
      this.#state[at]! &= ~SACKED;
      this.#sacked -= length;
      this.#inFlight += length;
    }
  }

  /** The receiver has a segment behind a gap. */
  markSacked(index: number): void {
    const at = this.#at(index);
    const length = this.#length(at);
    if ((this.#state[at]! & LOST) !== 0) this.#lost -= length;
    else this.#inFlight -= length;
    this.#state[at] = (this.#state[at]! | SACKED) & ~LOST;
    this.#sacked += length;
  }

  /** Removes the first segment, which is acknowledged. */
  shift(): void {
    const at = this.#at(0);
    const length = this.#length(at);
    const state = this.#state[at]!;
    if ((state & SACKED) !== 0) this.#sacked -= length;
    else if ((state & LOST) !== 0) this.#lost -= length;
    else this.#inFlight -= length;
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
  }

  /** Cuts the acknowledged part off the first segment. */
  cut(acknowledged: number): void {
    const at = this.#at(0);
    const count = distance(this.#start[at]!, acknowledged);
    const state = this.#state[at]!;
    if ((state & SACKED) !== 0) this.#sacked -= count;
    else if ((state & LOST) !== 0) this.#lost -= count;
    else this.#inFlight -= count;
    this.#start[at] = acknowledged;
  }

  /** Splits a segment in two, the first of `length` bytes, for a path with a smaller MTU. */
  split(index: number, length: number): void {
    if (this.#count > this.#mask) this.#grow();
    for (let other = this.#count; other > index + 1; other--) this.#move(other - 1, other);
    this.#move(index, index + 1);
    this.#count++;
    const boundary = advance(this.startOf(index), length);
    this.#end[this.#at(index)] = boundary;
    this.#start[this.#at(index + 1)] = boundary;
  }

  /** The number of the first segment that ends behind a sequence number; {@link count} without one. */
  indexBehind(sequence: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(this.endOf(middle), sequence)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The number of the first lost segment, or −1. */
  firstLost(): number {
    if (this.#lost === 0) return -1;
    for (let index = 0; index < this.#count; index++) if (this.isLost(index)) return index;
    return -1;
  }

  /** Whether a segment lies in a block as a whole. */
  isWithin(index: number, left: number, right: number): boolean {
    return !isBefore(this.startOf(index), left) && !isAfter(this.endOf(index), right);
  }

  clear(): void {
    this.#count = 0;
    this.#inFlight = 0;
    this.#sacked = 0;
    this.#lost = 0;
  }

  #at(index: number): number {
    return (this.#head + index) & this.#mask;
  }

  #length(at: number): number {
    return distance(this.#start[at]!, this.#end[at]!);
  }

  #write(at: number, now: number, mark: Readonly<DeliveryMark>): void {
    this.#sentAt[at] = now;
    this.#delivered[at] = mark.delivered;
    this.#deliveredAt[at] = mark.deliveredAt;
    this.#firstSentAt[at] = mark.firstSentAt;
    this.#limited[at] = mark.isLimited ? 1 : 0;
  }

  #move(from: number, to: number): void {
    const [source, target] = [this.#at(from), this.#at(to)];
    this.#start[target] = this.#start[source]!;
    this.#end[target] = this.#end[source]!;
    this.#sentAt[target] = this.#sentAt[source]!;
    this.#state[target] = this.#state[source]!;
    this.#delivered[target] = this.#delivered[source]!;
    this.#deliveredAt[target] = this.#deliveredAt[source]!;
    this.#firstSentAt[target] = this.#firstSentAt[source]!;
    this.#limited[target] = this.#limited[source]!;
  }

  #grow(): void {
    const capacity = 2 * (this.#mask + 1);
    this.#start = unrolled(this.#start, this.#head, new Int32Array(capacity));
    this.#end = unrolled(this.#end, this.#head, new Int32Array(capacity));
    this.#sentAt = unrolled(this.#sentAt, this.#head, new Float64Array(capacity));
    this.#state = unrolled(this.#state, this.#head, new Uint8Array(capacity));
    this.#delivered = unrolled(this.#delivered, this.#head, new Float64Array(capacity));
    this.#deliveredAt = unrolled(this.#deliveredAt, this.#head, new Float64Array(capacity));
    this.#firstSentAt = unrolled(this.#firstSentAt, this.#head, new Float64Array(capacity));
    this.#limited = unrolled(this.#limited, this.#head, new Uint8Array(capacity));
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}

/** Copies a full ring, which begins at `head`, to the start of a larger one. */
function unrolled<T extends Int32Array | Float64Array | Uint8Array>(
  ring: T,
  head: number,
  into: T,
): T {
  into.set(ring.subarray(head));
  into.set(ring.subarray(0, head), ring.length - head);
  return into;
}

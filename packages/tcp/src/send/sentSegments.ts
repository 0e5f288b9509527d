import { advance, distance, isAfter, isBefore } from '../segment/sequence.js';
import type { DeliveryMark } from './deliveryMark.js';
import { SendingOrder } from './sendingOrder.js';

/** The receiver has it, behind a gap (RFC 2018). */
const SACKED = 1;
/** Taken for lost, and not sent again yet. */
const LOST = 2;
/** Sent more than once. */
const RETRANSMITTED = 4;
/** Sent while the sender had nothing more to send. */
const LIMITED = 8;

/** Columns of whole numbers. */
const START = 0;
const END = 1;
const STATE = 2;
const IN_FLIGHT = 3;
const NUMBERS = 4;

/** Columns of times and totals. */
const SENT_AT = 0;
const DELIVERED = 1;
const DELIVERED_AT = 2;
const FIRST_SENT_AT = 3;
const LOST_BEFORE = 4;
const TIMES = 5;

const NONE = -1;
const LEAST_CAPACITY = 4;
/** From this capacity on, the memory is given back when nothing is left. */
const LARGE_CAPACITY = 512;
const NO_NUMBERS = new Int32Array(0);
const NO_TIMES = new Float64Array(0);

/**
 * The segments that were sent and not acknowledged yet, in the order of their sequence numbers, with
 * what became of them. Those that are under way are also linked in the order in which they were sent
 * (RFC 8985 §6.2, step 5). Numbers in columns, so that nothing is allocated for a segment.
 */
export class SentSegments {
  #numbers = NO_NUMBERS;
  #times = NO_TIMES;
  #mask = -1;
  #head = 0;
  #count = 0;
  /** Those that are under way. */
  readonly #order = new SendingOrder();
  /** How many segments were removed; with it, a number is counted from the first segment ever. */
  #removed = 0;
  /** No segment before this one, counted so, is lost. */
  #firstLost = 0;
  #inFlight = 0;
  #sacked = 0;
  #sackedCount = 0;
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

  /** Segments that the receiver has behind gaps. */
  get sackedCount(): number {
    return this.#sackedCount;
  }

  /** Bytes that are to be sent again. */
  get lost(): number {
    return this.#lost;
  }

  startOf(index: number): number {
    return this.#numbers[this.#at(index) * NUMBERS + START]!;
  }

  endOf(index: number): number {
    return this.#numbers[this.#at(index) * NUMBERS + END]!;
  }

  lengthOf(index: number): number {
    return this.#length(this.#at(index));
  }

  /** When it was sent last, in milliseconds. */
  sentAtOf(index: number): number {
    return this.#times[this.#at(index) * TIMES + SENT_AT]!;
  }

  isSacked(index: number): boolean {
    return (this.#state(this.#at(index)) & SACKED) !== 0;
  }

  isLost(index: number): boolean {
    return (this.#state(this.#at(index)) & LOST) !== 0;
  }

  isRetransmitted(index: number): boolean {
    return (this.#state(this.#at(index)) & RETRANSMITTED) !== 0;
  }

  /** The number of the segment that was sent before all others that are under way, or −1. */
  get oldest(): number {
    return this.#indexOf(this.#order.oldest);
  }

  /** The number of the next one that was sent and is under way, or −1. */
  sentAfter(index: number): number {
    return this.#indexOf(this.#order.after(this.#at(index)));
  }

  /** Reads how delivery stood when a segment was sent last. */
  readMark(index: number, into: DeliveryMark): void {
    const at = this.#at(index);
    const times = this.#times;
    into.delivered = times[at * TIMES + DELIVERED]!;
    into.deliveredAt = times[at * TIMES + DELIVERED_AT]!;
    into.firstSentAt = times[at * TIMES + FIRST_SENT_AT]!;
    into.lost = times[at * TIMES + LOST_BEFORE]!;
    into.inFlight = this.#numbers[at * NUMBERS + IN_FLIGHT]!;
    into.isLimited = (this.#state(at) & LIMITED) !== 0;
  }

  /** A segment was sent for the first time, behind all others. */
  add(start: number, end: number, now: number, mark: Readonly<DeliveryMark>): void {
    if (this.#count > this.#mask) this.#grow();
    const at = this.#at(this.#count++);
    this.#numbers[at * NUMBERS + START] = start;
    this.#numbers[at * NUMBERS + END] = end;
    this.#inFlight += distance(start, end);
    this.#write(at, 0, now, mark);
    this.#order.add(at);
  }

  /** A segment was sent again. */
  resent(index: number, now: number, mark: Readonly<DeliveryMark>): void {
    const at = this.#at(index);
    if ((this.#state(at) & LOST) !== 0) {
      const length = this.#length(at);
      this.#lost -= length;
      this.#inFlight += length;
    } else {
      this.#order.remove(at);
    }
    this.#write(at, RETRANSMITTED, now, mark);
    this.#order.add(at);
  }

  /** A segment, that the receiver does not have, is taken for lost; false when it was before. */
  markLost(index: number): boolean {
    const at = this.#at(index);
    const state = this.#state(at);
    if ((state & (SACKED | LOST)) !== 0) return false;
    const length = this.#length(at);
    this.#setState(at, state | LOST);
    this.#order.remove(at);
    this.#inFlight -= length;
    this.#lost += length;
    this.#firstLost = Math.min(this.#firstLost, this.#removed + index);
    return true;
  }

  /** What was taken for lost was not, as a late acknowledgment shows (RFC 4015). */
  unmarkLost(): void {
    if (this.#lost === 0) return;
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      const state = this.#state(at);
      if ((state & LOST) === 0) continue;
      this.#setState(at, state & ~LOST);
    }
    this.#inFlight += this.#lost;
    this.#lost = 0;
    this.#relink();
  }

  /** The receiver has discarded what it said to have, which it may (RFC 2018 §8). */
  forgetSacked(): void {
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      this.#setState(at, this.#state(at) & ~SACKED);
    }
    this.#inFlight += this.#sacked;
    this.#sacked = 0;
    this.#sackedCount = 0;
    this.#relink();
  }

  /** The receiver has a segment behind a gap. */
  markSacked(index: number): void {
    const at = this.#at(index);
    const length = this.#length(at);
    const state = this.#state(at);
    if ((state & LOST) !== 0) {
      this.#lost -= length;
    } else {
      this.#inFlight -= length;
      this.#order.remove(at);
    }
    this.#setState(at, (state | SACKED) & ~LOST);
    this.#sacked += length;
    this.#sackedCount++;
  }

  /** Removes the first segment, which is acknowledged. */
  shift(): void {
    const at = this.#at(0);
    this.#discount(at, this.#length(at));
    const state = this.#state(at);
    if ((state & SACKED) !== 0) this.#sackedCount--;
    else if ((state & LOST) === 0) this.#order.remove(at);
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
    this.#removed++;
    if (this.#count === 0 && this.#mask >= LARGE_CAPACITY) this.#release();
  }

  /** Cuts the acknowledged part off the first segment. */
  cut(acknowledged: number): void {
    const at = this.#at(0);
    this.#discount(at, distance(this.#numbers[at * NUMBERS + START]!, acknowledged));
    this.#numbers[at * NUMBERS + START] = acknowledged;
  }

  /** Splits a segment in two, the first of `length` bytes, for a path with a smaller MTU. */
  split(index: number, length: number): void {
    if (this.#count > this.#mask) this.#grow();
    for (let other = this.#count; other > index; other--) this.#copy(other - 1, other);
    this.#count++;
    const boundary = advance(this.startOf(index), length);
    this.#numbers[this.#at(index) * NUMBERS + END] = boundary;
    this.#numbers[this.#at(index + 1) * NUMBERS + START] = boundary;
    if (this.isSacked(index)) this.#sackedCount++;
    this.#firstLost = Math.min(this.#firstLost, this.#removed + index);
    this.#relink();
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
    if (this.#lost === 0) return NONE;
    let index = Math.max(0, this.#firstLost - this.#removed);
    while (index < this.#count && !this.isLost(index)) index++;
    this.#firstLost = this.#removed + index;
    return index;
  }

  /** Whether a segment lies in a block as a whole. */
  isWithin(index: number, left: number, right: number): boolean {
    return !isBefore(this.startOf(index), left) && !isAfter(this.endOf(index), right);
  }

  #at(index: number): number {
    return (this.#head + index) & this.#mask;
  }

  #indexOf(at: number): number {
    return at === NONE ? NONE : (at - this.#head) & this.#mask;
  }

  #state(at: number): number {
    return this.#numbers[at * NUMBERS + STATE]!;
  }

  #setState(at: number, state: number): void {
    this.#numbers[at * NUMBERS + STATE] = state;
  }

  #length(at: number): number {
    return distance(this.#numbers[at * NUMBERS + START]!, this.#numbers[at * NUMBERS + END]!);
  }

  /** So many bytes of a segment are acknowledged. */
  #discount(at: number, bytes: number): void {
    const state = this.#state(at);
    if ((state & SACKED) !== 0) this.#sacked -= bytes;
    else if ((state & LOST) !== 0) this.#lost -= bytes;
    else this.#inFlight -= bytes;
  }

  #write(at: number, state: number, now: number, mark: Readonly<DeliveryMark>): void {
    const times = this.#times;
    times[at * TIMES + SENT_AT] = now;
    times[at * TIMES + DELIVERED] = mark.delivered;
    times[at * TIMES + DELIVERED_AT] = mark.deliveredAt;
    times[at * TIMES + FIRST_SENT_AT] = mark.firstSentAt;
    times[at * TIMES + LOST_BEFORE] = mark.lost;
    this.#numbers[at * NUMBERS + IN_FLIGHT] = this.#inFlight;
    this.#setState(at, mark.isLimited ? state | LIMITED : state);
  }

  /** Links all that are under way anew. */
  #relink(): void {
    const places: number[] = [];
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      if ((this.#state(at) & (SACKED | LOST)) === 0) places.push(at);
    }
    const times = this.#times;
    // Stable: what was sent at the same time stays in the order of its sequence numbers.
    places.sort((one, other) => times[one * TIMES + SENT_AT]! - times[other * TIMES + SENT_AT]!);
    this.#order.reset(this.#mask + 1);
    for (const at of places) this.#order.add(at);
  }

  #copy(from: number, to: number): void {
    const [source, target] = [this.#at(from), this.#at(to)];
    this.#numbers.copyWithin(target * NUMBERS, source * NUMBERS, (source + 1) * NUMBERS);
    this.#times.copyWithin(target * TIMES, source * TIMES, (source + 1) * TIMES);
  }

  #grow(): void {
    const capacity = Math.max(LEAST_CAPACITY, 2 * (this.#mask + 1));
    const [numbers, times] = [
      new Int32Array(capacity * NUMBERS),
      new Float64Array(capacity * TIMES),
    ];
    unroll(this.#numbers, this.#head * NUMBERS, numbers);
    unroll(this.#times, this.#head * TIMES, times);
    this.#numbers = numbers;
    this.#times = times;
    this.#mask = capacity - 1;
    this.#head = 0;
    this.#relink();
  }

  #release(): void {
    this.#numbers = NO_NUMBERS;
    this.#times = NO_TIMES;
    this.#mask = -1;
    this.#head = 0;
    this.#order.reset(0);
  }
}

/** Copies a full ring, which begins at `head`, to the start of a larger one. */
function unroll<T extends Int32Array | Float64Array>(ring: T, head: number, into: T): void {
  into.set(ring.subarray(head));
  into.set(ring.subarray(0, head), ring.length - head);
}

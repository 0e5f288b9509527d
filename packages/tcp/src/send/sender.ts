import type { CongestionControl } from '../congestion/congestionControl.js';
import type { MemoryPool } from '../segment/memoryPool.js';
import type { Segment } from '../segment/segment.js';
import { advance, isAfter } from '../segment/sequence.js';
import { LossProbe } from './lossProbe.js';
import { NextSegment } from './nextSegment.js';
import { Pacer } from './pacer.js';
import { Recovery } from './recovery.js';
import { RoundTrip } from './roundTrip.js';
import { SendQueue } from './sendQueue.js';
import type { Transmission } from './transmission.js';
import { UnsentData } from './unsentData.js';
import { WindowUsage } from './windowUsage.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Bytes that a writer may be ahead at first, and windows of congestion control later: loss is repaired meanwhile. */
const FIRST_LIMIT = 262_144;
const WINDOWS_AHEAD = 4;

/** The sending half of a connection, from the first byte behind the SYN on. Times in milliseconds. */
export class Sender {
  readonly queue: SendQueue;
  readonly roundTrip = new RoundTrip();
  readonly congestion: CongestionControl;

  readonly #recovery: Recovery;
  readonly #data: UnsentData;
  readonly #next: NextSegment;
  readonly #usage: WindowUsage;
  readonly #pacer = new Pacer();
  readonly #probe = new LossProbe(this.roundTrip);
  readonly #sides = { unacknowledged: 0, next: 0, segmentSize: 0, canSend: false };
  readonly #highestLimit: number;
  #limit: number;
  #retransmitAt = NEVER;
  /** Whether what could be sent waits for its time. */
  #isPaced = false;
  /** Whether a loss probe has to be sent. */
  #isProbing = false;
  #stalledSince = NEVER;
  #unansweredSince = NEVER;
  #lastSentAt = Number.NaN;

  constructor(
    start: number,
    options: {
      segmentSize: number;
      limit: number;
      congestion: CongestionControl;
      pool?: MemoryPool;
    },
  ) {
    this.#highestLimit = options.limit;
    this.#limit = Math.min(FIRST_LIMIT, options.limit);
    this.queue = new SendQueue(start, this.#limit, options.pool);
    this.congestion = options.congestion;
    this.#recovery = new Recovery(start, options.congestion, this.roundTrip);
    this.#usage = new WindowUsage(start);
    this.#data = new UnsentData(this.queue, start, options.segmentSize);
    this.#next = new NextSegment(this.#recovery, this.#data, this.queue);
  }

  /** Whether Nagle's algorithm is off (RFC 9293 §3.7.4). */
  get noDelay(): boolean {
    return this.#next.noDelay;
  }

  set noDelay(value: boolean) {
    this.#next.noDelay = value;
  }

  /** Whether the other side acknowledges selectively (RFC 2018). */
  set usesSack(value: boolean) {
    this.#recovery.usesSack = value;
  }

  /** Whether congestion marks are heeded (RFC 3168). */
  get usesEcn(): boolean {
    return this.#recovery.usesEcn;
  }

  set usesEcn(value: boolean) {
    this.#recovery.usesEcn = value;
  }

  /** Whether the next new data has to say that the window was reduced (RFC 3168 §6.1.2). */
  get announcesReduction(): boolean {
    return this.#recovery.announcesReduction;
  }

  set announcesReduction(value: boolean) {
    this.#recovery.announcesReduction = value;
  }

  /** SND.UNA. */
  get unacknowledged(): number {
    return this.#data.unacknowledged;
  }

  /** SND.NXT: behind all that was ever sent. */
  get next(): number {
    return this.#data.next;
  }

  /** Bytes of data in a segment, at most. */
  get segmentSize(): number {
    return this.#data.segmentSize;
  }

  /** Whether the FIN was acknowledged. */
  get isFinAcknowledged(): boolean {
    return this.queue.isFinished && this.#data.isAcknowledged;
  }

  /** Since when what was sent is not acknowledged though it was sent again, in milliseconds; infinite while it is. */
  get stalledSince(): number {
    return this.#stalledSince;
  }

  /**
   * The same, but for a window that was closed behind what had been sent: whoever goes on to say that it is
   * closed answers (RFC 9293 §3.8.6, SHLD-17).
   */
  get unansweredSince(): number {
    return this.#unansweredSince;
  }

  /** Whether sending may wait for more acknowledgments: while loss is repaired, each one lets something out. */
  get mayWait(): boolean {
    return this.#recovery.isOpen;
  }

  /** Whether something waits that the other side's window does not take, with nothing under way. */
  get isBlocked(): boolean {
    return (
      this.#recovery.segments.count === 0 &&
      this.#data.pending > 0 &&
      this.#data.usable < this.#data.least
    );
  }

  /** Whether the window takes a part of what waits, which would be a small segment. */
  get canForce(): boolean {
    return this.#data.pending > 0 && this.#data.usable > 0;
  }

  /** Has {@link plan} send a small segment that the window takes (RFC 9293 §3.8.6.2.1, override). */
  force(): void {
    this.#data.isForced = true;
  }

  /** When {@link expire} has to be called. */
  get deadline(): number {
    const timers = Math.min(this.#retransmitAt, this.#probe.deadline, this.#recovery.deadline);
    return this.#isPaced ? Math.min(timers, this.#pacer.at) : timers;
  }

  /** The window that the other side offers, in bytes. */
  get window(): number {
    return this.#data.window.size;
  }

  /** MAX.SND.WND: the largest window that the other side ever offered, in bytes (RFC 5961 §5.2). */
  get maximumWindow(): number {
    return this.#data.window.largest;
  }

  /** The first window, which a SYN offers (RFC 7323 §2.2: not scaled). */
  openWindow(window: number, sequence: number, acknowledgment: number): void {
    this.#data.window.open(window, sequence, acknowledgment);
  }

  /** The path carries only so many bytes of data in a segment (RFC 9293 §3.7.5). */
  setSegmentSize(size: number): void {
    if (size === this.#data.segmentSize) return;
    this.#data.segmentSize = size;
    this.congestion.setSegmentSize(size);
  }

  /** What is under way in segments that are larger than now allowed is sent again (RFC 9293 §3.7.5). */
  resendLarger(): void {
    this.#recovery.loseLarger(this.#data.segmentSize, this.queue.end, this.#data.next);
    if (!this.#recovery.isOpen) this.#probe.cancel();
  }

  /**
   * Takes the window of an acceptable segment, unless a later one said otherwise (RFC 9293 §3.10.7.4).
   *
   * @param window - in bytes
   * @returns whether it is another one than before
   */
  updateWindow(segment: Segment, window: number): boolean {
    return this.#data.window.update(segment, window);
  }

  /** An acceptable acknowledgment, SND.UNA to SND.NXT. */
  acknowledge(segment: Segment, now: number): void {
    const { acknowledgment } = segment;
    const recovery = this.#recovery;
    const advanced = isAfter(acknowledgment, this.#data.unacknowledged);
    if (!advanced && recovery.segments.count === 0 && segment.sackCount === 0) return;
    const sides = this.#sides;
    sides.unacknowledged = this.#data.unacknowledged;
    sides.next = this.#data.next;
    sides.segmentSize = this.#data.segmentSize;
    if (advanced) {
      this.#data.unacknowledged = acknowledgment;
      this.queue.acknowledge(acknowledgment);
      this.#stalledSince = NEVER;
      this.#unansweredSince = NEVER;
    } else if (this.#data.window.size === 0) {
      this.#unansweredSince = NEVER;
    }
    sides.canSend = this.#data.segmentLength > 0;
    recovery.acknowledge(segment, sides, now);
    this.#heedProbe(segment, advanced, now);
    const { window, isSlowStart } = this.congestion;
    recovery.report(this.#usage.allowsGrowth(window, isSlowStart));
    if (WINDOWS_AHEAD * window > this.#limit) this.#raiseLimit(window);
    if (recovery.hasNews) this.#setTimers(now);
    else if (!recovery.isOpen) this.#probe.cancel();
  }

  /** A timer may have expired. */
  expire(now: number): void {
    this.#recovery.expire(this.#data.unacknowledged, this.#data.next, this.#data.segmentSize, now);
    if (!this.#recovery.isOpen) this.#probe.cancel();
    if (now >= this.#probe.deadline) {
      this.#isProbing = true;
      this.#probe.deadline = NEVER;
      this.#retransmitAt = now + this.roundTrip.timeout;
    } else if (now >= this.#retransmitAt) {
      this.#timeOut(now);
    }
  }

  /**
   * Decides what is to be sent now; call it until it returns null. The object is the same each time.
   */
  plan(now: number): Readonly<Transmission> | null {
    if (this.#isProbing) {
      const probe = this.#next.probe();
      this.#isProbing = probe !== null;
      return probe;
    }
    const { segments, spurious } = this.#recovery;
    this.#isPaced = now < this.#pacer.at && (segments.lost > 0 || this.#data.pending > 0);
    let next: Transmission | null = null;
    if (!this.#isPaced) {
      if (spurious.isForward) next = spurious.allowance > 0 ? this.#next.forward() : null;
      else next = this.#next.lost() ?? this.#next.fresh();
    }
    if (next === null) this.#noteUsage();
    return next;
  }

  /** What {@link plan} said was sent, with this timestamp of ours. */
  sent(
    { sequence, length, isFin, isRetransmission }: Transmission,
    timestamp: number,
    now: number,
  ): void {
    const recovery = this.#recovery;
    const end = advance(sequence, length + (isFin ? 1 : 0));
    if (recovery.segments.count === 0) this.#resume(now);
    this.#lastSentAt = now;
    if (isRetransmission) {
      recovery.resent(sequence, timestamp, now);
      this.#noteStall(now);
    } else {
      recovery.sent(sequence, end, timestamp, now);
      this.#data.next = end;
      this.#data.isForced = false;
    }
    this.#pacer.sent(length, this.congestion.pacingRate, this.#data.segmentSize, now);
    if (this.#retransmitAt === NEVER) this.#retransmitAt = now + this.roundTrip.timeout;
    if (this.#isProbing) {
      this.#isProbing = false;
      this.#probe.sent(this.#data.next, isRetransmission);
    } else if (!isRetransmission) {
      this.#scheduleProbe(now);
    }
  }

  /** The writer may be further ahead on a path that takes so much. */
  #raiseLimit(window: number): void {
    this.#limit = Math.min(WINDOWS_AHEAD * window, this.#highestLimit);
    this.queue.limit = this.#limit;
  }

  /** Something new was acknowledged: timers start anew (RFC 6298 §5.3). */
  #setTimers(now: number): void {
    if (this.#recovery.segments.count === 0) {
      this.#retransmitAt = NEVER;
      this.#probe.cancel();
      return;
    }
    this.#retransmitAt = now + this.roundTrip.timeout;
    this.#scheduleProbe(now);
  }

  /** Nothing more leaves now: notes what kept it. */
  #noteUsage(): void {
    const { inFlight, segments, room, rate } = this.#recovery;
    const pending = this.#data.pending;
    const isFull = pending > 0 && room < Math.min(pending, this.#data.segmentSize);
    this.#usage.note(isFull, inFlight, this.#data.unacknowledged, this.#data.next);
    if (pending === 0 && segments.lost === 0 && room > 0) rate.limit();
  }

  /** Nothing was under way. */
  #resume(now: number): void {
    const idle = Number.isNaN(this.#lastSentAt) ? 0 : now - this.#lastSentAt;
    this.congestion.resumed(now, idle, this.roundTrip);
  }

  #timeOut(now: number): void {
    if (this.#recovery.segments.count === 0) {
      this.#retransmitAt = NEVER;
      return;
    }
    this.#recovery.timeOut(this.#data.unacknowledged, this.#data.next, now);
    this.#retransmitAt = now + this.roundTrip.timeout;
    this.#probe.cancel();
    this.#pacer.skip(now);
    this.#noteStall(now);
  }

  /** What was sent has to be sent again. */
  #noteStall(now: number): void {
    if (this.#stalledSince === NEVER) this.#stalledSince = now;
    if (this.#unansweredSince === NEVER) this.#unansweredSince = now;
  }

  /** Schedules a loss probe (RFC 8985 §7.2). */
  #scheduleProbe(now: number): void {
    const { segments, isOpen, usesSack } = this.#recovery;
    if (isOpen && usesSack && segments.sacked === 0) {
      this.#probe.schedule(segments.count, this.#retransmitAt, now);
    } else {
      this.#probe.deadline = NEVER;
      if (!isOpen) this.#probe.cancel();
    }
  }

  #heedProbe(segment: Segment, advanced: boolean, now: number): void {
    const { reportsDuplicate, delivered, isOpen } = this.#recovery;
    if (!isOpen) return;
    const isRepeated = !advanced && delivered === 0 && segment.length === 0;
    const { acknowledgment } = segment;
    if (this.#probe.acknowledged(acknowledgment, reportsDuplicate, isRepeated)) {
      this.#recovery.lostAndRepaired(this.#data.next, now);
    }
  }
}

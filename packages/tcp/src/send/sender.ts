import { TCP_ECE } from '@6bed4/nd';
import type { AckSample, CongestionControl } from '../congestion/congestionControl.js';
import type { MemoryPool } from '../segment/memoryPool.js';
import type { Segment } from '../segment/segment.js';
import { advance, distance, earlier, isAfter, isBefore } from '../segment/sequence.js';
import { ProportionalRate } from './proportionalRate.js';
import { Rack } from './rack.js';
import { RoundTrip } from './roundTrip.js';
import { SendQueue } from './sendQueue.js';
import { type DeliveryMark, SentSegments } from './sentSegments.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Longest delay of an acknowledgment that is expected from the other side (RFC 8985 §7.2). */
const LONGEST_ACK_DELAY = 200;
/** First loss probe before a round trip was measured (RFC 8985 §7.2). */
const INITIAL_PROBE_TIME = 1_000;
/** Duplicate acknowledgments that show loss where there are no selective ones (RFC 5681 §3.2). */
const DUPLICATES = 3;
/** Segments that may leave at once where a rate is kept. */
const BURST = 2;

/** How loss is dealt with. */
type Mode =
  /** No loss is known. */
  | 'open'
  /** Loss was detected by acknowledgments. */
  | 'recovery'
  /** The retransmission timer expired. */
  | 'loss';

/** What is to be sent now. */
export interface Transmission {
  sequence: number;
  /** Bytes of data. */
  length: number;
  isFin: boolean;
  isPush: boolean;
  isRetransmission: boolean;
}

/** The sending half of a connection, from the first byte behind the SYN on. Times in milliseconds. */
export class Sender {
  readonly queue: SendQueue;
  readonly roundTrip = new RoundTrip();
  readonly congestion: CongestionControl;
  /** Whether Nagle's algorithm is off (RFC 9293 §3.7.4). */
  noDelay = false;
  /** Whether the other side acknowledges selectively (RFC 2018). */
  usesSack = true;
  /** Whether congestion marks are heeded (RFC 3168). */
  usesEcn = false;
  /** Whether the next new data has to say that the window was reduced (RFC 3168 §6.1.2). */
  announcesReduction = false;

  readonly #segments = new SentSegments();
  readonly #rack: Rack;
  readonly #rate = new ProportionalRate();
  readonly #mark: DeliveryMark = { delivered: 0, deliveredAt: 0, firstSentAt: 0, isLimited: false };
  readonly #sample: AckSample = emptySample();
  readonly #latest: DeliveryMark = {
    delivered: 0,
    deliveredAt: 0,
    firstSentAt: 0,
    isLimited: false,
  };
  readonly #next: Transmission = emptyTransmission();
  #segmentSize: number;
  #unacknowledged: number;
  #nextSequence: number;
  #window = 0;
  #largestWindow = 0;
  #windowSequence = 0;
  #windowAcknowledgment = 0;
  #mode: Mode = 'open';
  /** The end of what had been sent when loss was detected. */
  #recoveryPoint = 0;
  /** The timestamp of the first retransmission since then; null for none. */
  #retransmitTimestamp: number | null = null;
  /** Whether no acknowledgment has shown yet that it was needed. */
  #mayBeNeedless = false;
  #reductionPoint: number;
  #retransmitAt = NEVER;
  #probeAt = NEVER;
  #paceAt = 0;
  /** Whether what could be sent waits for its time. */
  #isPaced = false;
  #probeEnd: number | null = null;
  #isProbeRetransmission = false;
  #stalledSince = NEVER;
  #duplicates = 0;
  #isForced = false;

  constructor(
    start: number,
    options: {
      segmentSize: number;
      limit: number;
      congestion: CongestionControl;
      pool?: MemoryPool;
    },
  ) {
    this.queue = new SendQueue(start, options.limit, options.pool);
    this.congestion = options.congestion;
    this.#segmentSize = options.segmentSize;
    this.#rack = new Rack(this.#segments, this.roundTrip);
    this.#unacknowledged = start;
    this.#nextSequence = start;
    this.#reductionPoint = start;
  }

  /** SND.UNA. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** SND.NXT: behind all that was ever sent. */
  get next(): number {
    return this.#nextSequence;
  }

  /** Bytes of data in a segment, at most. */
  get segmentSize(): number {
    return this.#segmentSize;
  }

  /** Whether all is acknowledged, with the FIN if there is one. */
  get isDone(): boolean {
    return this.#unacknowledged === this.#end;
  }

  /** Whether the FIN was acknowledged. */
  get isFinAcknowledged(): boolean {
    return this.queue.isFinished && this.isDone;
  }

  /** Since when what was sent is answered by nothing, in milliseconds; infinite while it is. */
  get stalledSince(): number {
    return this.#stalledSince;
  }

  /** Whether something waits that the other side's window does not take, with nothing under way. */
  get isBlocked(): boolean {
    return this.#segments.count === 0 && this.#pending > 0 && this.#usable < this.#least;
  }

  /** Whether the window takes a part of what waits, which would be a small segment. */
  get canForce(): boolean {
    return this.#pending > 0 && this.#usable > 0;
  }

  /** Has {@link plan} send a small segment that the window takes (RFC 9293 §3.8.6.2.1, override). */
  force(): void {
    this.#isForced = true;
  }

  /** When {@link expire} has to be called. */
  get deadline(): number {
    const timers = Math.min(this.#retransmitAt, this.#probeAt, this.#rack.deadline);
    return this.#isPaced ? Math.min(timers, this.#paceAt) : timers;
  }

  /** The window that the other side offers, in bytes. */
  get window(): number {
    return this.#window;
  }

  /** MAX.SND.WND: the largest window that the other side ever offered, in bytes (RFC 5961 §5.2). */
  get maximumWindow(): number {
    return this.#largestWindow;
  }

  /** The first window, which a SYN offers (RFC 7323 §2.2: not scaled). */
  openWindow(window: number, sequence: number, acknowledgment: number): void {
    this.#window = window;
    this.#largestWindow = Math.max(this.#largestWindow, window);
    this.#windowSequence = sequence;
    this.#windowAcknowledgment = acknowledgment;
  }

  /** The path carries only so many bytes of data in a segment (RFC 9293 §3.7.5). */
  setSegmentSize(size: number): void {
    if (size === this.#segmentSize) return;
    this.#segmentSize = size;
    this.congestion.setSegmentSize(size);
  }

  /** What is under way in segments that are larger than now allowed is sent again (RFC 9293 §3.7.5). */
  resendLarger(): void {
    const segments = this.#segments;
    for (let index = 0; index < segments.count; index++) {
      const length = distance(segments.startOf(index), segments.endOf(index));
      if (length > this.#segmentSize) segments.markLost(index);
    }
  }

  /**
   * Takes the window of an acceptable segment, unless a later one said otherwise (RFC 9293 §3.10.7.4).
   *
   * @param window - in bytes
   * @returns whether it is another one than before
   */
  updateWindow(segment: Segment, window: number): boolean {
    const isNewer =
      isBefore(this.#windowSequence, segment.sequence) ||
      (this.#windowSequence === segment.sequence &&
        !isAfter(this.#windowAcknowledgment, segment.acknowledgment));
    if (!isNewer) return false;
    const changed = window !== this.#window;
    this.openWindow(window, segment.sequence, segment.acknowledgment);
    return changed;
  }

  /**
   * An acceptable acknowledgment, SND.UNA to SND.NXT.
   *
   * @param timestamp - of the clock that our timestamps are from, now
   */
  acknowledge(segment: Segment, now: number): void {
    const { acknowledgment } = segment;
    const wasFull = this.#segments.inFlight + this.#segmentSize >= this.congestion.window;
    const sample = this.#beginSample(now);
    const advanced = isAfter(acknowledgment, this.#unacknowledged);
    const isDuplicate = this.#reportsDuplicate(segment);
    this.#removeAcknowledged(segment, sample, now);
    this.#markSacked(segment, sample, now);
    if (!this.usesSack) this.#countDuplicates(segment, advanced, sample);
    if (advanced) {
      this.#unacknowledged = acknowledgment;
      this.queue.acknowledge(acknowledgment);
      this.roundTrip.endBackoff();
      this.#stalledSince = NEVER;
      this.#endProbe(acknowledgment, isDuplicate, now);
    }
    if (sample.roundTrip > 0) this.roundTrip.sample(sample.roundTrip, now);
    if (isDuplicate) this.#rack.noticeDuplicate(acknowledgment, this.#nextSequence);
    if (advanced) this.#undoIfNeedless(segment);
    this.#detectLoss(now);
    this.#heedEcn(segment, now);
    this.#finishSample(sample, wasFull);
    if (advanced && this.#mode !== 'open' && !isBefore(acknowledgment, this.#recoveryPoint)) {
      this.#mode = 'open';
      this.#rack.recovered();
    }
    if (this.#mode === 'recovery') {
      const isSafe = advanced && sample.lost === 0;
      const { inFlight } = this.#segments;
      this.#rate.acknowledged(sample.delivered, inFlight, isSafe, this.#segmentSize);
    }
    if (advanced || sample.delivered > 0) this.#setTimers(now);
  }

  /** A timer may have expired. */
  expire(now: number): void {
    if (now >= this.#rack.deadline) {
      this.#detectLoss(now);
      if (this.#rack.deadline <= now) this.#rack.deadline = NEVER;
    }
    if (now >= this.#retransmitAt) this.#timeOut(now);
    else if (now >= this.#probeAt) this.#probe(now);
  }

  /**
   * Decides what is to be sent now; call it until it returns null. The object is the same each time.
   */
  plan(now: number): Readonly<Transmission> | null {
    this.#isPaced = now < this.#paceAt && (this.#segments.lost > 0 || this.#pending > 0);
    if (this.#isPaced) return null;
    return this.#planRetransmission() ?? this.#planNew();
  }

  /** What {@link plan} said was sent, with this timestamp of ours. */
  sent(
    { sequence, length, isFin, isRetransmission }: Transmission,
    timestamp: number,
    now: number,
  ): void {
    const end = advance(sequence, length + (isFin ? 1 : 0));
    this.#markSending(now);
    if (isRetransmission) {
      this.#segments.resent(this.#segments.indexBehind(sequence), now, this.#mark);
      this.#retransmitTimestamp ??= timestamp;
      if (this.#stalledSince === NEVER) this.#stalledSince = now;
    } else {
      this.#segments.add(sequence, end, now, this.#mark);
      this.#nextSequence = end;
    }
    if (this.#mode === 'recovery') this.#rate.sent(distance(sequence, end));
    this.#pace(length, now);
    if (this.#retransmitAt === NEVER) this.#retransmitAt = now + this.roundTrip.timeout;
    if (!isRetransmission) this.#scheduleProbe(now);
  }

  /** The path has changed, or a probe went out: timers start anew. */
  #setTimers(now: number): void {
    if (this.#segments.count === 0) {
      this.#retransmitAt = NEVER;
      this.#probeAt = NEVER;
      return;
    }
    this.#retransmitAt = now + this.roundTrip.timeout;
    this.#scheduleProbe(now);
  }

  get #end(): number {
    return this.queue.isFinished ? advance(this.queue.end, 1) : this.queue.end;
  }

  /** Bytes, with the FIN, that were never sent. */
  get #pending(): number {
    return distance(this.#nextSequence, this.#end);
  }

  /** Bytes that the other side's window still takes. */
  get #usable(): number {
    return distance(this.#nextSequence, advance(this.#unacknowledged, this.#window));
  }

  /** The least that is worth a segment (RFC 9293 §3.8.6.2.1). */
  get #least(): number {
    return Math.min(this.#pending, this.#segmentSize, Math.max(1, this.#largestWindow >> 1));
  }

  /** Bytes that congestion control lets out. */
  get #room(): number {
    if (this.#mode === 'recovery' && this.congestion.recoversProportionally) {
      return this.#rate.allowance;
    }
    return this.congestion.window - this.#segments.inFlight;
  }

  #planRetransmission(): Transmission | null {
    const index = this.#segments.firstLost();
    if (index < 0 || this.#room <= 0) return null;
    const start = this.#segments.startOf(index);
    const length = distance(start, this.#segments.endOf(index));
    if (length > this.#segmentSize + 1) this.#segments.split(index, this.#segmentSize);
    return this.#fill(start, this.#segments.endOf(index), true);
  }

  #planNew(): Transmission | null {
    const pending = this.#pending;
    if (pending === 0) return null;
    const size = Math.min(pending, this.#segmentSize, this.#usable);
    if (size <= 0 || this.#room < size) return null;
    const isWhole = size >= this.#segmentSize || this.#isForced;
    if (!isWhole && size < pending && size < this.#least) return null;
    // Nagle: what is small waits while something is under way (RFC 9293 §3.7.4).
    const waits = !isWhole && !this.noDelay && !this.queue.isFinished && this.#segments.count > 0;
    if (waits) return null;
    this.#isForced = false;
    return this.#fill(this.#nextSequence, advance(this.#nextSequence, size), false);
  }

  #fill(start: number, end: number, isRetransmission: boolean): Transmission {
    const next = this.#next;
    const dataEnd = earlier(end, this.queue.end);
    next.sequence = start;
    next.length = distance(start, dataEnd);
    const reaches = this.queue.isFinished && !isBefore(end, this.queue.end);
    // A FIN goes with the last new data where the window has room for it.
    next.isFin = reaches && (end !== dataEnd || (!isRetransmission && this.#usable > next.length));
    next.isPush = dataEnd === this.queue.end;
    next.isRetransmission = isRetransmission;
    return next;
  }

  #beginSample(now: number): AckSample {
    const sample = this.#sample;
    sample.now = now;
    sample.delivered = 0;
    sample.lost = this.#segments.lost;
    sample.roundTrip = 0;
    sample.inFlightBefore = this.#segments.inFlight;
    this.#latest.deliveredAt = Number.NEGATIVE_INFINITY;
    return sample;
  }

  #removeAcknowledged(segment: Segment, sample: AckSample, now: number): void {
    const segments = this.#segments;
    const { acknowledgment } = segment;
    let isAmbiguous = false;
    while (segments.count > 0 && !isAfter(segments.endOf(0), acknowledgment)) {
      isAmbiguous ||= segments.isRetransmitted(0);
      if (!segments.isSacked(0)) this.#deliver(0, segment, sample, now);
      segments.shift();
    }
    // What came behind a gap waited for the one that was sent again (Karn's algorithm).
    if (isAmbiguous) sample.roundTrip = 0;
    if (segments.count > 0 && isBefore(segments.startOf(0), acknowledgment)) {
      if (!segments.isSacked(0)) {
        sample.delivered += distance(segments.startOf(0), acknowledgment);
      }
      segments.cut(acknowledgment);
    }
  }

  #markSacked(segment: Segment, sample: AckSample, now: number): void {
    const segments = this.#segments;
    for (let block = 0; block < segment.sackCount; block++) {
      const left = segment.sackEdges[2 * block]!;
      const right = segment.sackEdges[2 * block + 1]!;
      const isSound =
        isBefore(left, right) &&
        isAfter(left, segment.acknowledgment) &&
        !isAfter(right, this.#nextSequence);
      if (!isSound) continue;
      let index = segments.indexBehind(left);
      for (; index < segments.count && !isAfter(segments.endOf(index), right); index++) {
        if (segments.isSacked(index) || !segments.isWithin(index, left, right)) continue;
        this.#deliver(index, segment, sample, now);
        segments.markSacked(index);
      }
    }
  }

  /**
   * Loss without selective acknowledgments: three duplicates show the first one, and each acknowledgment of a
   * part of the data in recovery the next one (RFC 6582 §3.2).
   */
  #countDuplicates(segment: Segment, advanced: boolean, sample: AckSample): void {
    if (advanced) {
      this.#duplicates = 0;
      const isPartial = isBefore(segment.acknowledgment, this.#recoveryPoint);
      if (this.#mode === 'recovery' && isPartial && this.#segments.count > 0) {
        this.#segments.markLost(0);
      }
      return;
    }
    if (segment.length > 0 || this.#segments.count === 0) return;
    this.#duplicates++;
    if (this.#mode === 'recovery') sample.delivered += this.#segmentSize;
    else if (this.#duplicates === DUPLICATES && this.#mode === 'open') this.#segments.markLost(0);
  }

  /** A segment was delivered: for loss detection, round trip and rate. */
  #deliver(index: number, segment: Segment, sample: AckSample, now: number): void {
    const segments = this.#segments;
    const length = distance(segments.startOf(index), segments.endOf(index));
    const isRetransmitted = segments.isRetransmitted(index);
    const echoesEarlier =
      segment.hasTimestamps &&
      this.#retransmitTimestamp !== null &&
      isBefore(segment.timestampEcho, this.#retransmitTimestamp);
    this.#rack.delivered(index, echoesEarlier, now);
    sample.delivered += length;
    this.#mark.delivered += length;
    this.#mark.deliveredAt = now;
    if (isRetransmitted) return;
    sample.roundTrip = Math.max(now - segments.sentAtOf(index), 0.001);
    segments.readMark(index, this.#latest);
    this.#mark.firstSentAt = segments.sentAtOf(index);
  }

  #finishSample(sample: AckSample, isWindowFull: boolean): void {
    if (sample.delivered === 0 && sample.lost === 0) return;
    const latest = this.#latest;
    sample.lost = Math.max(0, this.#segments.lost - sample.lost);
    sample.smoothedRoundTrip = this.roundTrip.smoothed;
    sample.inFlight = this.#segments.inFlight;
    sample.totalDelivered = this.#mark.delivered;
    sample.isRecovering = this.#mode === 'recovery';
    sample.isWindowFull = isWindowFull;
    sample.deliveryRate = 0;
    if (latest.deliveredAt !== Number.NEGATIVE_INFINITY) {
      sample.deliveredWhenSent = latest.delivered;
      sample.isLimited = latest.isLimited;
      const received = this.#mark.deliveredAt - latest.deliveredAt;
      const sending = this.#mark.firstSentAt - latest.firstSentAt;
      const interval = Math.max(received, sending);
      if (interval >= this.roundTrip.minimum) {
        sample.deliveryRate = (this.#mark.delivered - latest.delivered) / interval;
      }
    }
    this.congestion.acknowledged(sample);
  }

  #detectLoss(now: number): void {
    this.#rack.detect(this.#mode !== 'open', now);
    if (this.#segments.lost > 0 && this.#mode === 'open') this.#recover(now);
  }

  #recover(now: number): void {
    const { inFlight, sacked, lost } = this.#segments;
    this.#mode = 'recovery';
    this.#recoveryPoint = this.#nextSequence;
    this.#retransmitTimestamp = null;
    this.#mayBeNeedless = true;
    this.congestion.congested(now, inFlight);
    this.#rate.begin(inFlight + sacked + lost, this.congestion.window, this.#segmentSize);
    this.announcesReduction = this.usesEcn;
    this.#probeAt = NEVER;
    this.#probeEnd = null;
  }

  #heedEcn(segment: Segment, now: number): void {
    if (!this.usesEcn || (segment.flags & TCP_ECE) === 0 || this.#mode !== 'open') return;
    if (isBefore(segment.acknowledgment, this.#reductionPoint)) return;
    this.#reductionPoint = this.#nextSequence;
    this.announcesReduction = true;
    this.congestion.congested(now, this.#segments.inFlight);
  }

  /** What was sent again had arrived the first time (RFC 3522): the timestamp echoed is older. */
  #undoIfNeedless(segment: Segment): void {
    if (!this.#mayBeNeedless || this.#retransmitTimestamp === null) return;
    this.#mayBeNeedless = false;
    if (!segment.hasTimestamps || !isBefore(segment.timestampEcho, this.#retransmitTimestamp))
      return;
    this.#segments.unmarkLost();
    this.congestion.undo();
    this.#mode = 'open';
    this.#retransmitTimestamp = null;
  }

  #timeOut(now: number): void {
    // The receiver has discarded what it said to have (RFC 2018 §8).
    if (this.#segments.count > 0 && this.#segments.isSacked(0)) this.#segments.forgetSacked();
    if (this.#mode !== 'loss') {
      this.congestion.timedOut(now, this.#segments.inFlight + this.#segments.lost);
      this.#retransmitTimestamp = null;
      this.#mayBeNeedless = true;
    }
    this.#segments.markAllLost();
    this.#mode = 'loss';
    this.#recoveryPoint = this.#nextSequence;
    this.roundTrip.backOff();
    this.#retransmitAt = now + this.roundTrip.timeout;
    this.#probeAt = NEVER;
    this.#probeEnd = null;
    this.#paceAt = now;
    if (this.#stalledSince === NEVER) this.#stalledSince = now;
  }

  /** Schedules a loss probe (RFC 8985 §7.2). */
  #scheduleProbe(now: number): void {
    this.#probeAt = NEVER;
    const { count, sacked } = this.#segments;
    if (count === 0 || sacked > 0 || this.#mode !== 'open' || this.#probeEnd !== null) return;
    const { smoothed } = this.roundTrip;
    let wait = smoothed === 0 ? INITIAL_PROBE_TIME : 2 * smoothed;
    if (count === 1) wait += LONGEST_ACK_DELAY;
    if (now + wait < this.#retransmitAt) this.#probeAt = now + wait;
  }

  /** Sends new data, or else the last segment again, to learn what was lost at the end (RFC 8985 §7.3). */
  #probe(now: number): void {
    this.#probeAt = NEVER;
    const { count } = this.#segments;
    if (count === 0) return;
    const size = Math.min(this.#pending, this.#segmentSize, this.#usable);
    const hasNew = size > 0 && size >= this.#least && this.#room >= size;
    this.#isProbeRetransmission = !hasNew;
    this.#probeEnd = this.#nextSequence;
    if (!hasNew) this.#segments.markLost(count - 1);
    this.#retransmitAt = now + this.roundTrip.timeout;
    this.#paceAt = now;
  }

  /** An acknowledgment of what a loss probe sent (RFC 8985 §7.4). */
  #endProbe(acknowledgment: number, isDuplicate: boolean, now: number): void {
    if (this.#probeEnd === null || isBefore(acknowledgment, this.#probeEnd)) return;
    this.#probeEnd = null;
    // Only the probe itself brought what was lost.
    if (this.#isProbeRetransmission && !isDuplicate) {
      this.congestion.congested(now, this.#segments.inFlight);
    }
  }

  /** Whether the first SACK block reports data that arrived twice (RFC 2883 §4). */
  #reportsDuplicate(segment: Segment): boolean {
    if (segment.sackCount === 0) return false;
    const edges = segment.sackEdges;
    if (!isAfter(edges[1]!, segment.acknowledgment)) return true;
    return (
      segment.sackCount > 1 && !isBefore(edges[0]!, edges[2]!) && !isAfter(edges[1]!, edges[3]!)
    );
  }

  #markSending(now: number): void {
    const mark = this.#mark;
    if (this.#segments.inFlight === 0) {
      mark.firstSentAt = now;
      mark.deliveredAt = now;
    }
    mark.isLimited = this.#pending < this.#segmentSize && this.#segments.lost === 0;
  }

  #pace(length: number, now: number): void {
    const rate = this.congestion.pacingRate;
    if (rate === Number.POSITIVE_INFINITY) return;
    const earliest = now - (BURST * this.#segmentSize) / rate;
    this.#paceAt = Math.max(this.#paceAt, earliest) + length / rate;
  }
}

function emptySample(): AckSample {
  return {
    now: 0,
    delivered: 0,
    lost: 0,
    roundTrip: 0,
    smoothedRoundTrip: 0,
    inFlightBefore: 0,
    inFlight: 0,
    totalDelivered: 0,
    deliveredWhenSent: 0,
    deliveryRate: 0,
    isLimited: false,
    isRecovering: false,
    isWindowFull: false,
  };
}

function emptyTransmission(): Transmission {
  return { sequence: 0, length: 0, isFin: false, isPush: false, isRetransmission: false };
}

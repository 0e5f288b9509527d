import { TCP_ECE } from '@6bed4/nd';
import type { CongestionControl } from '../congestion/congestionControl.js';
import { emptyLoss, emptySample } from '../congestion/samples.js';
import type { Segment } from '../segment/segment.js';
import { distance, earlier, isAfter, isBefore } from '../segment/sequence.js';
import { DeliveryRate } from './deliveryRate.js';
import { DuplicateAcks } from './duplicateAcks.js';
import { ProportionalRate } from './proportionalRate.js';
import { Rack } from './rack.js';
import type { RoundTrip } from './roundTrip.js';
import { Scoreboard } from './scoreboard.js';
import { SentSegments } from './sentSegments.js';
import { SpuriousDetection } from './spurious.js';

/** How loss is dealt with. */
type Mode =
  /** No loss is known. */
  | 'open'
  /** Loss was detected by acknowledgments. */
  | 'recovery'
  /** The retransmission timer expired, or the path takes no segments of this size any more. */
  | 'loss';

/**
 * What became of the segments that were sent: what acknowledgments and timeouts tell about them, the repair of
 * loss, and the reaction of congestion control.
 */
export class Recovery {
  readonly segments = new SentSegments();
  readonly rate = new DeliveryRate(this.segments);
  readonly spurious = new SpuriousDetection();
  /** Whether the other side acknowledges selectively (RFC 2018). */
  usesSack = true;
  /** Whether congestion marks are heeded (RFC 3168). */
  usesEcn = false;
  /** Whether the next new data has to say that the window was reduced (RFC 3168 §6.1.2). */
  announcesReduction = false;

  readonly #congestion: CongestionControl;
  readonly #roundTrip: RoundTrip;
  readonly #rack: Rack;
  readonly #board: Scoreboard;
  readonly #duplicates = new DuplicateAcks();
  readonly #proportional = new ProportionalRate();
  readonly #sample = emptySample();
  readonly #loss = emptyLoss();
  #mode: Mode = 'open';
  /** The end of what had been sent when loss was detected. */
  #recoveryPoint: number;
  /** The end of what had been sent when the window was last reduced. */
  #reductionPoint: number;
  /** SND.UNA when the timer last expired; null when it did not since loss was repaired. */
  #timeoutAt: number | null = null;
  #timestampOffset = 0;

  /** @param start - sequence number of the first byte */
  constructor(start: number, congestion: CongestionControl, roundTrip: RoundTrip) {
    this.#congestion = congestion;
    this.#roundTrip = roundTrip;
    this.#rack = new Rack(this.segments, roundTrip, (index) => this.#noteLost(index));
    this.#board = new Scoreboard(this.segments, this.#rack, this.rate);
    this.#recoveryPoint = start;
    this.#reductionPoint = start;
  }

  /** Whether no loss is known. */
  get isOpen(): boolean {
    return this.#mode === 'open';
  }

  /** When {@link expire} has to be called. */
  get deadline(): number {
    return this.#rack.deadline;
  }

  /** Bytes that are thought to be on their way. */
  get inFlight(): number {
    return Math.max(0, this.segments.inFlight - this.#duplicates.arrived);
  }

  /** Bytes that congestion control lets out. */
  get room(): number {
    if (this.#mode === 'recovery' && this.#congestion.recoversProportionally) {
      return this.#proportional.allowance;
    }
    return this.#congestion.window - this.inFlight;
  }

  /** Bytes that the last acknowledgment delivered. */
  get delivered(): number {
    return this.#sample.delivered;
  }

  /** Whether the last acknowledgment told of more than a segment that left the path (RFC 6298 §5.3). */
  get hasNews(): boolean {
    return this.#sample.isInOrder || (this.usesSack && this.delivered > 0);
  }

  /** Whether the last acknowledgment reported data that arrived twice. */
  get reportsDuplicate(): boolean {
    return this.#board.isDuplicate;
  }

  /**
   * Takes an acceptable acknowledgment.
   *
   * @param sides - SND.UNA before it, SND.NXT, and what a segment carries
   * @param canSend - whether there is new data that may be sent
   */
  acknowledge(
    segment: Segment,
    sides: { unacknowledged: number; next: number; segmentSize: number; canSend: boolean },
    now: number,
  ): void {
    const { unacknowledged, next, segmentSize } = sides;
    const acknowledged = distance(unacknowledged, segment.acknowledgment);
    const sample = this.#sample;
    const lostBefore = this.rate.lost;
    sample.now = now;
    sample.inFlightBefore = this.inFlight;
    this.#board.take(segment, next, this.isOpen ? next : this.#recoveryPoint, now);
    sample.delivered = this.#board.delivered;
    sample.isInOrder = acknowledged > 0;
    if (!this.usesSack) this.#countDuplicates(segment, acknowledged, segmentSize);
    this.#measure(segment, acknowledged > 0, now);
    if (this.#board.isDuplicate) this.#rack.noticeDuplicate(segment.acknowledgment, next);
    if (this.#showsSpurious(segment, acknowledged > 0, sides.canSend)) this.#undo();
    if (acknowledged > 0) this.#endRecovery(segment.acknowledgment);
    this.#detectLoss(segment.acknowledgment, next, segmentSize, now);
    this.#heedEcn(segment, next, now);
    sample.lost = this.rate.lost - lostBefore;
    if (this.#mode === 'recovery') {
      const isSafe = acknowledged > 0 && sample.lost === 0;
      this.#proportional.acknowledged(sample.delivered, this.inFlight, isSafe, segmentSize);
    }
  }

  /**
   * Tells congestion control about the acknowledgment.
   *
   * @param isWindowFull - whether the window was used
   */
  report(isWindowFull: boolean): void {
    const sample = this.#sample;
    if (sample.delivered === 0 && sample.lost === 0) return;
    this.rate.finish(sample, this.#roundTrip.minimum);
    sample.roundTrip = this.#board.roundTrip;
    sample.smoothedRoundTrip = this.#roundTrip.smoothed;
    sample.inFlight = this.inFlight;
    sample.isRecovering = this.#mode === 'recovery';
    sample.isWindowFull = isWindowFull;
    this.#congestion.acknowledged(sample);
    if (this.#congestion.isHoldingBack) this.rate.limit();
  }

  /** A probe showed that something was lost and repaired (RFC 8985 §7.4.2). */
  lostAndRepaired(next: number, now: number): void {
    this.#reduce(next, now);
  }

  /** The time of {@link deadline} may have come. */
  expire(unacknowledged: number, next: number, segmentSize: number, now: number): void {
    if (now < this.#rack.deadline) return;
    // No acknowledgment came now that had delivered something.
    this.#sample.delivered = 0;
    this.#detectLoss(unacknowledged, next, segmentSize, now);
  }

  /** The retransmission timer expired (RFC 6298 §5.4 to §5.6, RFC 8985 §6.3, RFC 5682). */
  timeOut(unacknowledged: number, next: number, now: number): void {
    const { segments } = this;
    // The receiver has discarded what it said to have (RFC 2018 §8).
    if (segments.isSacked(0)) this.#board.forget();
    const outstanding = segments.inFlight + segments.lost;
    const isRepeated = this.#timeoutAt === unacknowledged;
    if (isRepeated) this.spurious.endForward();
    else this.spurious.begin(unacknowledged, next, this.isOpen);
    this.#timeoutAt = unacknowledged;
    this.#duplicates.clear();
    if (this.usesSack) this.#rack.markOnTimeout(now);
    else this.#loseAll();
    this.#congestion.timedOut(now, outstanding, isRepeated);
    this.announcesReduction = this.usesEcn;
    this.#mode = 'loss';
    this.#recoveryPoint = next;
    this.#reductionPoint = next;
    this.#roundTrip.backOff();
  }

  /** Segments with more data than `size` have not come through; that is no congestion (RFC 8201 §5.4). */
  loseLarger(size: number, dataEnd: number, next: number): void {
    const { segments } = this;
    let hasFound = false;
    for (let index = 0; index < segments.count; index++) {
      const data = distance(segments.startOf(index), earlier(segments.endOf(index), dataEnd));
      if (data > size && segments.markLost(index)) hasFound = true;
    }
    if (!hasFound || !this.isOpen) return;
    this.#mode = 'loss';
    this.#recoveryPoint = next;
    this.spurious.end();
  }

  /** A segment with this timestamp of ours is sent for the first time. */
  sent(start: number, end: number, timestamp: number, now: number): void {
    this.#noteTimestamp(timestamp, now);
    this.segments.add(start, end, now, this.rate.sending(now));
    this.#proportional.sent(distance(start, end));
    this.spurious.sentNew();
  }

  /** A segment with this timestamp of ours is sent again. */
  resent(sequence: number, timestamp: number, now: number): void {
    const { segments } = this;
    const index = segments.indexBehind(sequence);
    this.#noteTimestamp(timestamp, now);
    segments.resent(index, now, this.rate.sending(now));
    this.#proportional.sent(segments.lengthOf(index));
    if (!this.isOpen) this.spurious.resent(timestamp);
  }

  #noteTimestamp(timestamp: number, now: number): void {
    this.#timestampOffset = (timestamp - Math.floor(now)) | 0;
    this.#rack.timestampOffset = this.#timestampOffset;
  }

  #measure(segment: Segment, advanced: boolean, now: number): void {
    const { roundTrip } = this.#board;
    if (roundTrip > 0) {
      this.#roundTrip.sample(roundTrip, now);
    } else if (advanced && !this.#tellsTransmission(segment)) {
      this.#roundTrip.relax(this.usesSack || segment.hasTimestamps);
    } else if (advanced) {
      const time = distance(segment.timestampEcho, (Math.floor(now) + this.#timestampOffset) | 0);
      if (time < 0) return;
      this.#roundTrip.coarseSample(Math.max(time, Math.min(1, this.#roundTrip.smoothed)));
    }
  }

  /**
   * Whether the timestamp tells which transmission is answered (RFC 7323 §4.1). When an acknowledgment was lost,
   * that of the needless retransmission still echoes an earlier one, and says nothing about the path.
   */
  #tellsTransmission(segment: Segment): boolean {
    if (!segment.hasTimestamps || segment.timestampEcho === 0) return false;
    const { repeatedAt } = this.#board;
    if (Number.isNaN(repeatedAt)) return true;
    const timestamp = (Math.floor(repeatedAt) + this.#timestampOffset) | 0;
    if (!isBefore(segment.timestampEcho, timestamp)) return true;
    return this.usesSack && !this.#board.isDuplicate;
  }

  #countDuplicates(segment: Segment, acknowledged: number, segmentSize: number): void {
    const { segments } = this;
    if (acknowledged > 0) {
      this.#sample.delivered = this.#duplicates.advance(this.#board.delivered, segmentSize);
      const isPartial = isBefore(segment.acknowledgment, this.#recoveryPoint);
      if (this.#mode === 'recovery' && isPartial && segments.count > 0) this.#lose(0);
      return;
    }
    if (segment.length > 0 || segments.count === 0) return;
    this.#sample.delivered = this.#duplicates.add(segmentSize, segments.inFlight);
    if (this.isOpen && this.#duplicates.showsLoss) this.#lose(0);
  }

  #showsSpurious(segment: Segment, advanced: boolean, canSend: boolean): boolean {
    const board = this.#board;
    const { spurious } = this;
    let isSpurious =
      board.isDuplicate && spurious.duplicated(board.duplicateLeft, board.duplicateRight);
    if (this.isOpen) return isSpurious;
    if (advanced && spurious.echoesEarlier(segment)) isSpurious = true;
    if (this.#mode === 'loss' && spurious.decide(advanced, board.hasOriginal, canSend)) {
      isSpurious = true;
    }
    return isSpurious;
  }

  /** Nothing was lost (RFC 4015 §3). */
  #undo(): void {
    this.segments.unmarkLost();
    this.#duplicates.clear();
    this.#congestion.undo();
    this.#mode = 'open';
    this.#timeoutAt = null;
    this.spurious.end();
  }

  #endRecovery(acknowledgment: number): void {
    if (this.isOpen || isBefore(acknowledgment, this.#recoveryPoint)) return;
    this.#mode = 'open';
    this.#timeoutAt = null;
    this.#duplicates.clear();
    this.spurious.endForward();
    this.#rack.recovered();
    this.#congestion.recovered();
  }

  #detectLoss(unacknowledged: number, next: number, segmentSize: number, now: number): void {
    if (this.usesSack) this.#rack.detect(!this.isOpen, now);
    if (this.segments.lost === 0 || !this.isOpen) return;
    this.#mode = 'recovery';
    this.#recoveryPoint = next;
    this.spurious.begin(unacknowledged, next, false);
    const { inFlight } = this;
    const atStart = inFlight + this.segments.lost + this.#sample.delivered;
    // A mark in the same window of data told it before.
    if (!isAfter(this.#reductionPoint, unacknowledged)) this.#reduce(next, now);
    this.#proportional.begin(atStart, this.#congestion.window, segmentSize);
  }

  #heedEcn(segment: Segment, next: number, now: number): void {
    if (!this.usesEcn || (segment.flags & TCP_ECE) === 0 || !this.isOpen) return;
    if (isBefore(segment.acknowledgment, this.#reductionPoint)) return;
    this.#reduce(next, now);
  }

  #reduce(next: number, now: number): void {
    this.#reductionPoint = next;
    this.announcesReduction = this.usesEcn;
    this.#congestion.congested(now, this.inFlight);
  }

  #loseAll(): void {
    for (let index = 0; index < this.segments.count; index++) this.#lose(index);
  }

  #lose(index: number): void {
    if (this.segments.markLost(index)) this.#noteLost(index);
  }

  #noteLost(index: number): void {
    const { segments, rate } = this;
    const loss = this.#loss;
    rate.noteLost(segments.lengthOf(index));
    const mark = rate.readLoss(index);
    loss.start = segments.startOf(index);
    loss.end = segments.endOf(index);
    loss.totalDelivered = rate.delivered;
    loss.inFlightWhenSent = mark.inFlight;
    loss.lostSinceSent = rate.lost - mark.lost;
    loss.isLimited = mark.isLimited;
    this.#congestion.lost(loss);
  }
}

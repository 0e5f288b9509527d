import type { AckSample, Loss } from './congestionControl.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Part of a window that may be lost while the path is probed (BBR.LossThresh). */
const LOSS_THRESHOLD = 0.02;
/** What is left of the bounds after loss (BBR.Beta). */
const BETA = 0.7;
/** Part of the long-term bound that is left to others (BBR.Headroom). */
const HEADROOM = 0.15;
const MOST_ROUNDS = 30;

/**
 * What loss says about the path (draft-ietf-ccwg-bbr §5.5.10): bounds for the volume on its way and the rate, for
 * long and for the present cycle of probing. In bytes and milliseconds; infinite without a bound.
 */
export class BbrBounds {
  /** BBR.inflight_longterm. */
  longVolume = NEVER;
  /** BBR.bw_shortterm. */
  shortRate = NEVER;
  /** BBR.inflight_shortterm. */
  shortVolume = NEVER;
  /** Whether what is acknowledged was sent while the path was probed. */
  isProbeSample = false;
  /** Whether the last probe lost too much, or was ended early for the one before (§5.3.3.4.2). */
  wasTooHigh = false;
  wasCautious = false;
  /** Whether the last acknowledgment ended a round trip as far as loss is concerned. */
  isRoundStart = false;
  /** BBR.inflight_latest: most delivered in one round trip. */
  latestVolume = 0;
  /** When the last acknowledgment came, and what was delivered in all then. */
  now = 0;
  delivered = 0;
  #latestRate = 0;
  #hasLoss = false;
  #roundEnd = 0;
  #upRounds = 0;
  #upDelivered = 0;
  #upStep = NEVER;
  #undoLongVolume = NEVER;
  #undoShortVolume = NEVER;
  #undoShortRate = NEVER;

  /** UpdateLatestDeliverySignals. */
  updateLatest(sample: Readonly<AckSample>): void {
    this.now = sample.now;
    this.delivered = sample.totalDelivered;
    this.isRoundStart = false;
    if (!sample.hasDelivered) return;
    this.#latestRate = Math.max(this.#latestRate, sample.deliveryRate);
    this.latestVolume = Math.max(this.latestVolume, sample.deliveredSinceSent);
    if (sample.deliveredWhenSent < this.#roundEnd) return;
    this.#roundEnd = sample.totalDelivered;
    this.isRoundStart = true;
  }

  /** AdvanceLatestDeliverySignals. */
  advanceLatest(sample: Readonly<AckSample>): void {
    this.#latestRate = sample.deliveryRate;
    this.latestVolume = sample.deliveredSinceSent;
  }

  /** ResetCongestionSignals. */
  resetSignals(): void {
    this.#hasLoss = false;
    this.#latestRate = 0;
    this.latestVolume = 0;
    this.#upStep = NEVER;
  }

  /**
   * AdaptLowerBoundsFromCongestion, once in a round trip. The draft keeps at least what the last round trip
   * delivered. That yields nothing to CUBIC, whose packets are in the same queue, and which leaves 0.7 after loss:
   * so with a queue, what is kept is that part of it.
   */
  adapt(isProbing: boolean, highestRate: number, window: number, hasQueue: boolean): void {
    if (this.#hasLoss && !isProbing) {
      if (this.shortRate === NEVER) this.shortRate = highestRate;
      if (this.shortVolume === NEVER) this.shortVolume = window;
      const kept = hasQueue ? BETA : 1;
      this.shortRate = Math.max(kept * this.#latestRate, BETA * this.shortRate);
      this.shortVolume = Math.max(kept * this.latestVolume, BETA * this.shortVolume);
    }
    this.#hasLoss = false;
  }

  /** NoteLoss: whether it is the first loss in a round trip. */
  noteLoss(delivered: number): boolean {
    const isFirst = !this.#hasLoss;
    this.#hasLoss = true;
    if (!isFirst) return false;
    this.#roundEnd = delivered;
    this.#undoShortRate = this.shortRate;
    this.#undoShortVolume = this.shortVolume;
    this.#undoLongVolume = this.longVolume;
    return true;
  }

  /** A mark of congestion, or loss that a probe repaired, counts as loss in this round trip. */
  noteCongestion(): void {
    if (!this.#hasLoss) this.noteLoss(this.delivered);
  }

  undo(): void {
    this.#hasLoss = false;
    this.shortRate = Math.max(this.shortRate, this.#undoShortRate);
    this.shortVolume = Math.max(this.shortVolume, this.#undoShortVolume);
    this.longVolume = Math.max(this.longVolume, this.#undoLongVolume);
  }

  /** IsInflightTooHigh. */
  isHigh({ lostSinceSent, inFlightWhenSent }: Readonly<AckSample | Loss>): boolean {
    return lostSinceSent > inFlightWhenSent * LOSS_THRESHOLD;
  }

  /** Whether a loss shows that the probe was too much. */
  isTooHigh(loss: Readonly<Loss>): boolean {
    return this.isProbeSample && this.isHigh(loss);
  }

  /** HandleInflightTooHigh, with InflightAtLoss; `target` is the volume that is wanted. */
  tooHigh(loss: Readonly<Loss>, target: number): void {
    this.wasTooHigh = true;
    this.isProbeSample = false;
    if (loss.isLimited) return;
    const size = loss.end - loss.start;
    const before = loss.inFlightWhenSent - size;
    const lostBefore = loss.lostSinceSent - size;
    const part = (LOSS_THRESHOLD * before - lostBefore) / (1 - LOSS_THRESHOLD);
    this.longVolume = Math.max(before + part, target * BETA);
  }

  limit(volume: number): void {
    this.longVolume = volume;
  }

  /** InflightWithHeadroom. */
  headroom(segmentSize: number, least: number): number {
    if (this.longVolume === NEVER) return NEVER;
    return Math.max(this.longVolume - Math.max(segmentSize, HEADROOM * this.longVolume), least);
  }

  /** ResetShortTermModel. */
  resetShortTerm(): void {
    this.shortRate = NEVER;
    this.shortVolume = NEVER;
  }

  beginRefill(): void {
    this.resetShortTerm();
    this.#upRounds = 0;
    this.#upDelivered = 0;
    this.wasCautious = false;
  }

  beginUp(window: number, segmentSize: number): void {
    this.isProbeSample = true;
    this.#raiseSlope(window, segmentSize);
  }

  /** Raises the long-term bound when what was lost is little. */
  raise(
    sample: Readonly<AckSample>,
    isUp: boolean,
    isRoundStart: boolean,
    window: number,
    segmentSize: number,
  ): void {
    if (this.longVolume === NEVER) return;
    if (sample.inFlightWhenSent > this.longVolume) this.longVolume = sample.inFlightWhenSent;
    if (!isUp || !sample.isWindowFull || window < this.longVolume) return;
    this.#upDelivered += sample.delivered;
    const steps = Math.floor(this.#upDelivered / this.#upStep);
    this.#upDelivered -= steps * (steps > 0 ? this.#upStep : 0);
    this.longVolume += steps * segmentSize;
    if (isRoundStart) this.#raiseSlope(window, segmentSize);
  }

  /** RaiseInflightLongtermSlope. */
  #raiseSlope(window: number, segmentSize: number): void {
    this.#upStep = Math.max(window / 2 ** this.#upRounds, segmentSize);
    this.#upRounds = Math.min(this.#upRounds + 1, MOST_ROUNDS);
  }
}

import { BbrBounds } from './bbrBounds.js';
import { BbrControls } from './bbrControls.js';
import { BbrModel } from './bbrModel.js';
import { BbrProbeClock } from './bbrProbeClock.js';
import type { BbrFeedback, BbrState } from './bbrStates.js';
import type { AckSample, CongestionControl, Loss, RoundTripTimes } from './congestionControl.js';

/** Round trips for which a queue is drained at most (§5.3.2). */
const DRAIN_ROUNDS = 3;
/** Milliseconds with little on its way, to measure the least round trip (§5.3.4). */
const PROBE_TIME = 200;
/** Lost ranges in one round trip by which slow start is left (§5.3.1.3). */
const FULL_LOSSES = 6;

/**
 * BBR (draft-ietf-ccwg-bbr): sends at the rate that the path delivers, and keeps no more on its way than that
 * takes; probes by turns for a higher rate and for the least round trip. Sections are those of the draft.
 */
export class Bbr implements CongestionControl {
  readonly name = 'bbr';
  readonly recoversProportionally = false;
  readonly #clock: BbrProbeClock;
  readonly #model = new BbrModel();
  readonly #bounds = new BbrBounds();
  readonly #controls: BbrControls;
  #state: BbrState = 'startup';
  #feedback: BbrFeedback = 'none';
  #drainRound = 0;
  #isFirst = true;
  #isResumed = false;
  /** Loss in Startup: ranges in this round trip, and the end of the last one. */
  #lossRanges = 0;
  #lossEnd = 0;
  /** When the round trip is measured; null before. */
  #probeEnd: number | null = null;
  #isProbeRound = false;
  #isRecovering = false;
  /** The state that loss has ended. */
  #undoState: BbrState | null = null;
  #wasLimited = false;

  constructor(segmentSize: number, random: () => number) {
    this.#clock = new BbrProbeClock(random);
    this.#controls = new BbrControls(segmentSize, this.#model, this.#bounds);
  }

  get window(): number {
    return Math.floor(this.#controls.window);
  }

  get pacingRate(): number {
    return this.#controls.pacingRate;
  }

  get isSlowStart(): boolean {
    return this.#state === 'startup';
  }

  get isHoldingBack(): boolean {
    return this.#state === 'probe round trip';
  }

  /** The state, for tests and reports. */
  get state(): string {
    return this.#state;
  }

  /** HandleRestartFromIdle (§5.4.1), and InitPacingRate (§5.6.2). */
  resumed(now: number, _idle: number, { smoothed }: RoundTripTimes): void {
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#model.renewRoundTrip(now);
      this.#controls.begin(smoothed);
      return;
    }
    if (!this.#wasLimited) return;
    this.#isResumed = true;
    this.#model.restartAggregation(now);
    if (this.#isCycling) this.#controls.pace('cruise');
    else if (this.#state === 'probe round trip') this.#endProbe(now);
  }

  acknowledged(sample: Readonly<AckSample>): void {
    this.#updateModel(sample);
    this.#controls.update(sample, this.#state);
    this.#wasLimited = sample.isLimited || sample.inFlight === 0;
  }

  /** HandleLostPacket (§5.5.10.2). */
  lost(loss: Readonly<Loss>): void {
    if (loss.start !== this.#lossEnd || this.#lossRanges === 0) this.#lossRanges++;
    this.#lossEnd = loss.end;
    if (this.#bounds.noteLoss(loss.totalDelivered)) {
      this.#controls.saveWindow(this.#isPlain);
      this.#undoState = null;
    }
    if (this.#bounds.isTooHigh(loss)) this.#tooHigh(loss);
  }

  congested(_now: number, _inFlight: number): void {
    this.#controls.saveWindow(this.#isPlain);
    this.#bounds.noteCongestion();
    this.#isRecovering = true;
  }

  recovered(): void {
    this.#isRecovering = false;
    this.#controls.restoreWindow();
  }

  timedOut(_now: number, _outstanding: number, isRepeated: boolean): void {
    if (!isRepeated) this.#controls.saveWindow(this.#isPlain);
    this.#isRecovering = true;
    this.#controls.collapse();
  }

  /** HandleSpuriousLossDetection (§5.5.11.2). */
  undo(): void {
    this.recovered();
    this.#bounds.undo();
    this.#model.searchFull(0);
    const undone = this.#undoState;
    this.#undoState = null;
    if (undone === null || undone === this.#state) return;
    if (undone === 'startup') this.#model.wasFull = false;
    if (this.#state === 'probe round trip') return;
    if (undone === 'startup') this.#state = 'startup';
    else this.#refill(this.#bounds.delivered);
  }

  setSegmentSize(size: number): void {
    this.#controls.segmentSize = size;
  }

  /** UpdateModelAndState (§5.2.3). */
  #updateModel(sample: Readonly<AckSample>): void {
    const model = this.#model;
    const bounds = this.#bounds;
    const controls = this.#controls;
    bounds.updateLatest(sample);
    model.updateRate(sample);
    if (model.isRoundStart) this.#clock.countRound();
    if (bounds.isRoundStart)
      bounds.adapt(
        this.#isProbingRate,
        model.highestRate,
        controls.window,
        model.hasQueue(sample.smoothedRoundTrip),
      );
    model.updateAggregation(sample, controls.rate, this.#controls.window);
    model.checkFull(sample);
    this.#checkStartup(sample);
    this.#checkDrain(sample);
    this.#updateCycle(sample);
    model.updateRoundTrip(sample);
    this.#checkProbe(sample);
    if (bounds.isRoundStart) bounds.advanceLatest(sample);
    controls.rate = Math.min(model.highestRate, bounds.shortRate);
  }

  /** Whether the rate is probed by turns. */
  get #isCycling(): boolean {
    const state = this.#state;
    return state === 'down' || state === 'cruise' || state === 'refill' || state === 'up';
  }

  /** Whether neither loss nor a probe for the round trip changes the window now. */
  get #isPlain(): boolean {
    return !this.#isRecovering && this.#state !== 'probe round trip';
  }

  get #isProbingRate(): boolean {
    return this.#state === 'startup' || this.#state === 'refill' || this.#state === 'up';
  }

  /** CheckStartupDone (§5.3.1). */
  #checkStartup(sample: Readonly<AckSample>): void {
    if (this.#state !== 'startup') return;
    const bounds = this.#bounds;
    if (bounds.isRoundStart) {
      if (sample.isRecovering && this.#lossRanges >= FULL_LOSSES && bounds.isHigh(sample)) {
        this.#undoState = 'startup';
        this.#model.wasFull = true;
        bounds.limit(Math.max(this.#controls.product(1), bounds.latestVolume));
      }
      this.#lossRanges = 0;
    }
    if (!this.#model.wasFull) return;
    this.#state = 'drain';
    this.#drainRound = this.#model.rounds;
  }

  /** CheckDrainDone (§5.3.2). */
  #checkDrain({ inFlight, now, totalDelivered }: Readonly<AckSample>): void {
    if (this.#state !== 'drain') return;
    const isLate = this.#model.rounds > this.#drainRound + DRAIN_ROUNDS;
    if (inFlight <= this.#controls.volume(this.#controls.product(1), false) || isLate)
      this.#goDown(now, totalDelivered);
  }

  /** UpdateProbeBWCyclePhase (§5.3.3.6). */
  #updateCycle(sample: Readonly<AckSample>): void {
    if (!this.#model.wasFull || this.#adaptLongTerm(sample) || !this.#isCycling) return;
    const { now, totalDelivered } = sample;
    switch (this.#state) {
      case 'down':
        if (!this.#probesNow(sample) && this.#hasRoom(sample.inFlight)) this.#state = 'cruise';
        break;
      case 'cruise':
        this.#probesNow(sample);
        break;
      case 'refill':
        if (this.#model.isRoundStart) this.#goUp(sample);
        break;
      case 'up':
        if (!this.#isUpOver(sample)) break;
        this.#bounds.wasTooHigh = false;
        this.#goDown(now, totalDelivered);
        break;
    }
  }

  /** AdaptLongTermModel: whether it decided on the next state. */
  #adaptLongTerm(sample: Readonly<AckSample>): boolean {
    const bounds = this.#bounds;
    const { isRoundStart } = this.#model;
    if (this.#feedback === 'starting' && isRoundStart) this.#feedback = 'probing';
    if (this.#feedback === 'stopping' && isRoundStart) {
      bounds.isProbeSample = false;
      this.#feedback = 'none';
      if (this.#isCycling && !sample.isLimited) this.#model.advanceRates();
      if (this.#isCycling && bounds.wasCautious && !bounds.wasTooHigh) {
        this.#refill(sample.totalDelivered);
        return true;
      }
    }
    if (!bounds.isHigh(sample)) {
      bounds.raise(
        sample,
        this.#state === 'up',
        isRoundStart,
        this.#controls.window,
        this.#controls.segmentSize,
      );
    }
    return false;
  }

  #goDown(now: number, delivered: number): void {
    this.#bounds.resetSignals();
    this.#clock.restart(now);
    this.#feedback = 'stopping';
    this.#model.startRound(delivered);
    this.#state = 'down';
  }

  #refill(delivered: number): void {
    this.#bounds.beginRefill();
    this.#feedback = 'refilling';
    this.#model.startRound(delivered);
    this.#state = 'refill';
  }

  #goUp({ totalDelivered, deliveryRate }: Readonly<AckSample>): void {
    this.#bounds.beginUp(this.#controls.window, this.#controls.segmentSize);
    this.#feedback = 'starting';
    this.#model.startRound(totalDelivered);
    this.#model.searchFull(deliveryRate);
    this.#state = 'up';
  }

  /** IsTimeToProbeBW (§5.3.3.5). */
  #probesNow({ now, totalDelivered }: Readonly<AckSample>): boolean {
    const target =
      Math.min(this.#controls.product(1), this.#controls.window) / this.#controls.segmentSize;
    const isDue = this.#clock.isDue(now, target);
    if (isDue) this.#refill(totalDelivered);
    return isDue;
  }

  /** IsTimeToCruise (§5.3.3.6). */
  #hasRoom(inFlight: number): boolean {
    const product = this.#model.highestRate * this.#model.leastRoundTrip;
    return inFlight <= this.#controls.headroom && inFlight <= this.#controls.volume(product, false);
  }

  /** IsTimeToGoDown (§5.3.3.6). */
  #isUpOver(sample: Readonly<AckSample>): boolean {
    const bounds = this.#bounds;
    if (bounds.wasTooHigh && sample.inFlight >= bounds.longVolume) {
      bounds.wasCautious = true;
      return true;
    }
    if (sample.isWindowFull && this.#controls.window >= bounds.longVolume) {
      this.#model.searchFull(sample.deliveryRate);
      return false;
    }
    return this.#model.isFull;
  }

  /** HandleInflightTooHigh (§5.5.10.2). */
  #tooHigh(loss: Readonly<Loss>): void {
    const target = Math.min(this.#controls.product(1), this.#controls.window);
    this.#bounds.tooHigh(loss, target);
    if (this.#state !== 'up') return;
    this.#undoState = 'up';
    this.#goDown(this.#bounds.now, loss.totalDelivered);
  }

  /** CheckProbeRTT (§5.3.4.3). */
  #checkProbe(sample: Readonly<AckSample>): void {
    if (this.#state !== 'probe round trip' && this.#model.isRoundTripExpired && !this.#isResumed) {
      this.#controls.saveWindow(this.#isPlain);
      this.#state = 'probe round trip';
      this.#probeEnd = null;
      this.#feedback = 'stopping';
      this.#model.startRound(sample.totalDelivered);
    }
    if (this.#state === 'probe round trip') this.#probeRoundTrip(sample);
    if (sample.delivered > 0) this.#isResumed = false;
  }

  /** HandleProbeRTT (§5.3.4.3). */
  #probeRoundTrip({ now, inFlight, totalDelivered }: Readonly<AckSample>): void {
    if (this.#probeEnd === null) {
      if (inFlight > this.#controls.probeWindow) return;
      this.#probeEnd = now + PROBE_TIME;
      this.#isProbeRound = false;
      this.#model.startRound(totalDelivered);
      return;
    }
    if (this.#model.isRoundStart) this.#isProbeRound = true;
    if (this.#isProbeRound) this.#endProbe(now);
  }

  /** CheckProbeRTTDone and ExitProbeRTT (§5.3.4.4). */
  #endProbe(now: number): void {
    if (this.#probeEnd === null || now <= this.#probeEnd) return;
    this.#model.renewRoundTrip(now);
    this.#controls.restoreWindow();
    this.#bounds.resetShortTerm();
    if (this.#model.wasFull) {
      this.#goDown(now, this.#bounds.delivered);
      this.#state = 'cruise';
    } else {
      this.#state = 'startup';
    }
  }
}

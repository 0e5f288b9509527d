import {
  type AckSample,
  type CongestionControl,
  INITIAL_SEGMENTS,
  LEAST_SEGMENTS,
  type RoundTripTimes,
} from './congestionControl.js';
import { HyStart } from './hyStart.js';

/** Growth of the cubic curve, in segments per second cubed (RFC 9438 §4.6). */
const C = 0.4;
/** What is left of the window after congestion (RFC 9438 §4.6). */
const BETA = 0.7;
/** Increase in the Reno-friendly region before the window is what it was (RFC 9438 §4.3). */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** Most of the curve's lead over the window within one round trip (RFC 9438 §4.4). */
const HIGHEST_LEAD = 1.5;
/** Pacing, as a multiple of a window in a round trip: in slow start, and later. */
const PACING_IN_SLOW_START = 2;
const PACING = 1.2;
/** What of the window is taken up by slow start again after a pause (RFC 7661 §4.4.2). */
const LATE_THRESHOLD = 0.75;

/** What is restored when congestion turns out to have been none. */
interface Before {
  readonly window: number;
  readonly threshold: number;
  readonly prior: number;
  readonly highest: number;
  readonly epoch: number;
  readonly origin: number;
  readonly offset: number;
  readonly estimate: number;
}

/** CUBIC (RFC 9438), which begins with HyStart++ (RFC 9406). Windows in segments inside, of any fraction. */
export class Cubic implements CongestionControl {
  readonly name = 'cubic';
  readonly recoversProportionally = true;
  readonly #start = new HyStart();
  #size: number;
  #window = INITIAL_SEGMENTS;
  #threshold = Number.POSITIVE_INFINITY;
  /** cwnd_prior: the window before it was last reduced. */
  #prior = 0;
  /** W_max. */
  #highest = 0;
  /** When congestion avoidance began, in milliseconds; NaN for not yet. */
  #epoch = Number.NaN;
  /** The height of the plateau of the curve. */
  #origin = 0;
  /** K: milliseconds from the beginning to the plateau. */
  #offset = 0;
  /** W_est: what Reno would have. */
  #estimate = 0;
  #smoothed = 0;
  #before: Before | null = null;

  constructor(segmentSize: number) {
    this.#size = segmentSize;
  }

  get window(): number {
    return Math.floor(this.#window * this.#size);
  }

  get isSlowStart(): boolean {
    return this.#window < this.#threshold;
  }

  get isHoldingBack(): boolean {
    return false;
  }

  get pacingRate(): number {
    if (this.#smoothed === 0) return Number.POSITIVE_INFINITY;
    const gain = this.isSlowStart ? PACING_IN_SLOW_START : PACING;
    return (gain * this.#window * this.#size) / this.#smoothed;
  }

  resumed(_now: number, idle: number, { smoothed, timeout }: RoundTripTimes): void {
    this.#smoothed = smoothed;
    // The curve does not go on while nothing is sent (RFC 9438 §5.8).
    this.#epoch += idle;
    if (idle <= timeout || this.#window <= INITIAL_SEGMENTS) return;
    // The path may have changed: slow start to near the old window (RFC 5681 §4.1, RFC 7661 §4.4.2).
    this.#threshold = Math.max(this.#threshold, LATE_THRESHOLD * this.#window);
    this.#window = INITIAL_SEGMENTS;
    this.#epoch = Number.NaN;
    this.#start.restart();
  }

  lost(): void {
    // Each loss of one window counts as one.
  }

  recovered(): void {
    // Recovery has brought the window to its target.
  }

  acknowledged(sample: Readonly<AckSample>): void {
    this.#smoothed = sample.smoothedRoundTrip;
    // What duplicates bring moves data out, but no window up (RFC 3042 §2).
    if (sample.isRecovering || !sample.isWindowFull || !sample.isInOrder) return;
    const segments = sample.delivered / this.#size;
    if (this.isSlowStart) this.#grow(segments, sample);
    else this.#avoid(segments, sample.now);
  }

  congested(now: number): void {
    this.#keep();
    // Fast convergence: others get more when the plateau keeps falling (RFC 9438 §4.7).
    const falls = this.#window < this.#highest;
    this.#prior = this.#window;
    this.#highest = falls ? (this.#window * (1 + BETA)) / 2 : this.#window;
    this.#window = Math.max(LEAST_SEGMENTS, this.#window * BETA);
    this.#threshold = this.#window;
    this.#begin(now);
  }

  timedOut(_now: number, outstanding: number, isRepeated: boolean): void {
    if (!isRepeated) {
      this.#keep();
      const used = Math.min(this.#window, outstanding / this.#size);
      this.#prior = this.#window;
      this.#threshold = Math.max(LEAST_SEGMENTS, used * BETA);
    }
    this.#window = 1;
    this.#epoch = Number.NaN;
    this.#start.restart();
  }

  undo(): void {
    const before = this.#before;
    if (before === null) return;
    this.#window = Math.max(this.#window, before.window);
    this.#threshold = before.threshold;
    this.#prior = before.prior;
    this.#highest = before.highest;
    this.#epoch = before.epoch;
    this.#origin = before.origin;
    this.#offset = before.offset;
    this.#estimate = before.estimate;
    this.#before = null;
  }

  setSegmentSize(size: number): void {
    this.#window = (this.#window * this.#size) / size;
    this.#size = size;
  }

  #grow(segments: number, sample: Readonly<AckSample>): void {
    this.#window += this.#start.increase(segments, sample);
    if (this.#start.isOver) this.#threshold = this.#window;
    if (this.#window > this.#threshold) this.#window = this.#threshold;
  }

  #avoid(segments: number, now: number): void {
    if (Number.isNaN(this.#epoch)) {
      // Slow start ended without congestion, or after a timeout (RFC 9438 §4.8).
      this.#highest = this.#window;
      this.#prior = this.#window;
      this.#begin(now);
    }
    const target = this.#curve(now - this.#epoch + this.#smoothed);
    const lead = Math.min(Math.max(target, this.#window), HIGHEST_LEAD * this.#window);
    const alpha = this.#estimate >= this.#prior ? 1 : ALPHA;
    this.#estimate += (alpha * segments) / this.#window;
    this.#window += (segments * (lead - this.#window)) / this.#window;
    if (this.#curve(now - this.#epoch) < this.#estimate && this.#window < this.#estimate) {
      this.#window = this.#estimate;
    }
  }

  #begin(now: number): void {
    this.#epoch = now;
    this.#estimate = this.#window;
    this.#origin = Math.max(this.#highest, this.#window);
    // K (RFC 9438 §4.2, figure 2).
    this.#offset = Math.cbrt((this.#origin - this.#window) / C) * 1000;
  }

  /** W_cubic at a time since the beginning, in milliseconds (RFC 9438 §4.2, figure 1). */
  #curve(time: number): number {
    const seconds = (time - this.#offset) / 1000;
    return C * seconds ** 3 + this.#origin;
  }

  #keep(): void {
    this.#before = {
      window: this.#window,
      threshold: this.#threshold,
      prior: this.#prior,
      highest: this.#highest,
      epoch: this.#epoch,
      origin: this.#origin,
      offset: this.#offset,
      estimate: this.#estimate,
    };
  }
}

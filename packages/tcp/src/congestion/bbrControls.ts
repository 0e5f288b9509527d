import type { BbrBounds } from './bbrBounds.js';
import type { BbrModel } from './bbrModel.js';
import { type BbrState, PACING_GAIN, WINDOW_GAIN } from './bbrStates.js';
import { type AckSample, INITIAL_SEGMENTS } from './congestionControl.js';

const NEVER = Number.POSITIVE_INFINITY;
/** BBR.MinPipeCwnd, in segments. */
const LEAST_SEGMENTS = 4;
/** Most that leaves at once: this time at the pacing rate, but these bytes at most (§5.6.3). */
const QUANTUM_TIME = 1;
const LARGEST_QUANTUM = 65_536;
const QUANTUM_SEGMENTS = 2;
/** Quanta that wait in hosts (§5.5.8.1). */
const QUANTA = 3;
/** Part of the rate that is left, so that queues drain (§5.6.2). */
const PACING_MARGIN = 0.99;

/** The window and the rate that BBR sets (draft-ietf-ccwg-bbr §5.6). In bytes and milliseconds. */
export class BbrControls {
  segmentSize: number;
  /** C.cwnd. */
  window: number;
  /** C.pacing_rate. */
  pacingRate = NEVER;
  /** BBR.bw. */
  rate = 0;
  readonly #model: BbrModel;
  readonly #bounds: BbrBounds;
  /** The window before loss or a probe for the round trip. */
  #priorWindow = 0;

  constructor(segmentSize: number, model: BbrModel, bounds: BbrBounds) {
    this.segmentSize = segmentSize;
    this.window = INITIAL_SEGMENTS * segmentSize;
    this.#model = model;
    this.#bounds = bounds;
  }

  /** InitPacingRate (§5.6.2). */
  begin(smoothedRoundTrip: number): void {
    this.pacingRate = (PACING_GAIN.startup * this.window) / Math.max(smoothedRoundTrip, 1);
  }

  /** SetPacingRateWithGain (§5.6.2). */
  pace(state: BbrState): void {
    const rate = PACING_GAIN[state] * this.rate * PACING_MARGIN;
    if (rate > 0 && (this.#model.wasFull || rate > this.pacingRate)) this.pacingRate = rate;
  }

  /** UpdateControlParameters (§5.2.3) with SetCwnd (§5.6.4.6). */
  update({ delivered, totalDelivered }: Readonly<AckSample>, state: BbrState): void {
    this.pace(state);
    const wanted = this.product(WINDOW_GAIN[state]) + this.#model.aggregation;
    const most = this.volume(wanted, state === 'up');
    if (this.#model.wasFull) {
      this.window = Math.min(this.window + delivered, most);
    } else if (this.window < most || totalDelivered < INITIAL_SEGMENTS * this.segmentSize) {
      this.window += delivered;
    }
    this.window = Math.max(this.window, this.#least);
    if (state === 'probe round trip') this.window = Math.min(this.window, this.probeWindow);
    this.window = Math.min(this.window, this.#cap(state));
  }

  /** SaveCwnd (§5.6.4.4). */
  saveWindow(isPlain: boolean): void {
    this.#priorWindow = isPlain ? this.window : Math.max(this.#priorWindow, this.window);
  }

  /** RestoreCwnd (§5.6.4.4). */
  restoreWindow(): void {
    this.window = Math.max(this.window, this.#priorWindow);
  }

  /** One segment, after a timeout (§5.6.4.4). */
  collapse(): void {
    this.window = this.segmentSize;
  }

  /** InflightWithHeadroom (§5.3.3.6). */
  get headroom(): number {
    return this.#bounds.headroom(this.segmentSize, this.#least);
  }

  /** ProbeRTTCwnd (§5.6.4.5). */
  get probeWindow(): number {
    return Math.max(this.product(WINDOW_GAIN['probe round trip']), this.#least);
  }

  /** BDPMultiple (§5.6.4.2). */
  product(gain: number): number {
    const { leastRoundTrip } = this.#model;
    if (leastRoundTrip === NEVER) return INITIAL_SEGMENTS * this.segmentSize;
    return gain * this.rate * leastRoundTrip;
  }

  /** QuantizationBudget (§5.6.4.2). */
  volume(wanted: number, isUp: boolean): number {
    const quantum = Math.max(
      Math.min(this.pacingRate * QUANTUM_TIME, LARGEST_QUANTUM),
      QUANTUM_SEGMENTS * this.segmentSize,
    );
    const volume = Math.max(wanted, QUANTA * quantum, this.#least);
    return isUp ? volume + 2 * this.segmentSize : volume;
  }

  get #least(): number {
    return LEAST_SEGMENTS * this.segmentSize;
  }

  /** BoundCwndForModel (§5.6.4.7). */
  #cap(state: BbrState): number {
    const bounds = this.#bounds;
    let cap = NEVER;
    if (state === 'cruise' || state === 'probe round trip') cap = this.headroom;
    else if (state === 'down' || state === 'refill' || state === 'up') cap = bounds.longVolume;
    return Math.max(Math.min(cap, bounds.shortVolume), this.#least);
  }
}

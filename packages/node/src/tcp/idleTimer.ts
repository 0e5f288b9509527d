import type { Timer, Timers } from '../environment/timers.js';
import { LONGEST_DELAY } from '../longTimeout.js';
import { invalidType, outOfRange } from './netErrors.js';

/** The time without data after which a socket emits `timeout`. */
export class IdleTimer {
  readonly #expired: () => void;
  readonly #timers: Timers;
  #timer: Timer | null = null;

  constructor(expired: () => void, timers: Timers) {
    this.#expired = expired;
    this.#timers = timers;
  }

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
  set(time: number, listener: unknown): void {
    if (typeof time !== 'number') throw invalidType('msecs', 'of type number', time);
    if (!(time >= 0 && Number.isFinite(time))) {
      throw outOfRange('msecs', 'a non-negative finite number', time);
    }
    this.cancel();
    if (listener !== undefined && typeof listener !== 'function') {
      throw invalidType('callback', 'of type function', listener);
    }
    if (time === 0) return;
    if (time > LONGEST_DELAY) warnOfOverflow(time);
    this.#timer = this.#timers.setTimeout(this.#expired, Math.min(time, LONGEST_DELAY));
    this.#timer.unref();
  }

  /** Data passed: the time begins anew. */
  refresh(): void {
    this.#timer?.refresh();
  }

  cancel(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function warnOfOverflow(time: number): void {
  const text = `${time} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_DELAY}.`;
  process.emitWarning(text, 'TimeoutOverflowWarning');
}

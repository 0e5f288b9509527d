import { LONGEST_DELAY } from '../longTimeout.js';
import { clearTimeout, setTimeout } from '../realTimers.js';
import { invalidType, outOfRange } from './netErrors.js';

/** The time without data after which a socket emits `timeout`. */
export class IdleTimer {
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(expired: () => void) {
    this.#expired = expired;
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
    this.#timer = setTimeout(this.#expired, Math.min(time, LONGEST_DELAY)).unref();
  }

  /** Data passed: the time begins anew. */
  refresh(): void {
    this.#timer?.refresh();
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function warnOfOverflow(time: number): void {
  const text = `${time} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_DELAY}.`;
  process.emitWarning(text, 'TimeoutOverflowWarning');
}

import { uptime } from 'node:os';
import { clearInterval, setInterval } from '../realTimers.js';

/** Milliseconds between two looks at the clocks. */
const LOOK_INTERVAL = 1_000;
/** More than that lost between two looks, in milliseconds, is a pause; a busy computer may be late by less. */
const SHORTEST_PAUSE = 3_000;

/** The clocks that are compared, in milliseconds. */
export interface Clocks {
  /** The clock of the tunnel, which may stand still while the computer sleeps. */
  readonly monotonic: () => number;
  /** One that goes on while it sleeps, and is not set like that of the wall; `NaN` where there is none. */
  readonly elapsed: () => number;
}

/** Time since the system was started, which includes sleep: CLOCK_BOOTTIME on Linux. */
export function systemUptime(): number {
  try {
    return uptime() * 1000;
  } catch {
    return Number.NaN;
  }
}

/**
 * Notices that this process did not run for some seconds: the computer slept, with its clock standing still or
 * not, or the process was stopped. Meanwhile NATs have forgotten us, and the network may be another.
 */
export class ResumeWatch {
  readonly #clocks: Clocks;
  readonly #onResume: () => void;
  readonly #timer: NodeJS.Timeout;
  #monotonic: number;
  #elapsed: number;

  constructor(clocks: Clocks, onResume: () => void) {
    this.#clocks = clocks;
    this.#onResume = onResume;
    this.#monotonic = clocks.monotonic();
    this.#elapsed = clocks.elapsed();
    this.#timer = setInterval(() => this.look(), LOOK_INTERVAL).unref();
  }

  /** Compares the clocks with those of the last look. */
  look(): void {
    const monotonic = this.#clocks.monotonic();
    const elapsed = this.#clocks.elapsed();
    const most = LOOK_INTERVAL + SHORTEST_PAUSE;
    const isPause = monotonic - this.#monotonic > most || elapsed - this.#elapsed > most;
    this.#monotonic = monotonic;
    this.#elapsed = elapsed;
    if (isPause) this.#onResume();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

import { failureIn, type HealthReport } from './healthCheck.js';

/** What is announced about a router. */
export type Announcement = 'up' | 'down';

/** What a {@link HealthWatch} needs. */
export interface HealthWatchOptions {
  /** Successes in a row after which the router is up, and failures after which it is down. */
  readonly rise: number;
  readonly fall: number;
  readonly check: () => Promise<HealthReport>;
  /** Announces it; null for success, else what went wrong: that is tried again with the next check. */
  readonly announce: (announcement: Announcement) => Promise<string | null>;
  /** Is told what was announced, and why. */
  readonly onAnnounced: (announcement: Announcement, why: string) => void;
  readonly onProblem: (announcement: Announcement, problem: string) => void;
}

/**
 * Decides by checks what is announced about a router. It is up after some successes in a row, and down after some
 * failures, at once when the failure is certain or nothing was announced yet.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #announced: Announcement | null = null;
  #successes = 0;
  #failures = 0;
  #why = 'not checked yet';

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** What was announced last; null for nothing. */
  get announced(): Announcement | null {
    return this.#announced;
  }

  /** The present state in one line. */
  get text(): string {
    return `${this.#announced ?? 'unknown'}: ${this.#why}`;
  }

  /** Checks once, and announces what follows from that. */
  async check(): Promise<HealthReport> {
    const report = await this.#options.check();
    const failure = failureIn(report);
    this.#why = failure === undefined ? 'all checks passed' : `${failure.name}: ${failure.detail}`;
    this.#successes = failure === undefined ? this.#successes + 1 : 0;
    this.#failures = failure === undefined ? 0 : this.#failures + 1;
    const wanted = this.#wanted(report.isFinal);
    if (wanted !== null && wanted !== this.#announced) await this.#announce(wanted);
    return report;
  }

  /** Announces that the router is down, unless that was done last. */
  async end(): Promise<void> {
    this.#why = 'the watch ends';
    if (this.#announced !== 'down') await this.#announce('down');
  }

  #wanted(isFinal: boolean): Announcement | null {
    const { rise, fall } = this.#options;
    if (this.#successes >= rise) return 'up';
    if (this.#failures === 0) return null;
    return isFinal || this.#announced === null || this.#failures >= fall ? 'down' : null;
  }

  async #announce(announcement: Announcement): Promise<void> {
    const { announce, onAnnounced, onProblem } = this.#options;
    const problem = await announce(announcement);
    if (problem === null) {
      this.#announced = announcement;
      onAnnounced(announcement, this.#why);
    } else {
      onProblem(announcement, problem);
    }
  }
}

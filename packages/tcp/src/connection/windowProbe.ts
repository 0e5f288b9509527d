const NEVER = Number.POSITIVE_INFINITY;
/** Longest time between probes, in milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * When a window that stays closed is probed, since the segment that opens it may be lost (RFC 9293 §3.8.6.1).
 */
export class WindowProbe {
  #at = NEVER;
  #wait = 0;
  #blockedSince = NEVER;
  #unansweredSince = NEVER;

  /** When the next probe is due. */
  get deadline(): number {
    return this.#at;
  }

  /** Since when the window is closed, in milliseconds; infinite while it is open. */
  get blockedSince(): number {
    return this.#blockedSince;
  }

  /** Since when probes are answered by nothing, in milliseconds; infinite while they are. */
  get unansweredSince(): number {
    return this.#unansweredSince;
  }

  /**
   * The window may have closed or opened.
   *
   * @param isBlocked - whether something waits for the window, and nothing is under way
   * @param timeout - retransmission timeout, in milliseconds, after which the first probe goes
   */
  schedule(isBlocked: boolean, timeout: number, now: number): void {
    if (!isBlocked) {
      this.#at = NEVER;
      this.#blockedSince = NEVER;
      this.#unansweredSince = NEVER;
    } else if (this.#at === NEVER) {
      this.#wait = timeout;
      this.#at = now + timeout;
      this.#blockedSince = now;
    }
  }

  /** A probe was sent. */
  probed(now: number): void {
    if (this.#unansweredSince === NEVER) this.#unansweredSince = now;
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    this.#at = now + this.#wait;
  }

  /** An acceptable segment came. */
  answered(): void {
    this.#unansweredSince = NEVER;
  }
}

import { isBefore } from '../segment/sequence.js';

/**
 * Whether the congestion window was used, so that it may grow (RFC 7661 §4.2): judged by the last round trip as a
 * whole, since pacing and bursts of the application leave the window open for moments.
 */
export class WindowUsage {
  #isLimited = false;
  #mostInFlight = 0;
  #roundEnd: number;

  constructor(start: number) {
    this.#roundEnd = start;
  }

  /** The window kept something from leaving, or did not, with so many bytes under way. */
  note(isLimited: boolean, inFlight: number, unacknowledged: number, next: number): void {
    const isOver = !isBefore(unacknowledged, this.#roundEnd);
    if (!isOver && !isLimited && (this.#isLimited || inFlight <= this.#mostInFlight)) return;
    this.#isLimited = isLimited;
    this.#mostInFlight = inFlight;
    this.#roundEnd = next;
  }

  /** Whether a window may grow: it was full, or half full while it doubles anyway. */
  allowsGrowth(window: number, isSlowStart: boolean): boolean {
    return this.#isLimited || (isSlowStart && window < 2 * this.#mostInFlight);
  }
}

/** Milliseconds that may be caught up at once: timers of drivers come so late. */
const LATENESS = 2;
/** Segments that may always leave at once. */
const BURST = 2;

/** Keeps the rate at which congestion control lets data out, in bursts of about {@link LATENESS}. */
export class Pacer {
  /** When the next segment may leave, in milliseconds. */
  at = 0;

  /** `bytes` leave now, at this rate in bytes per millisecond. */
  sent(bytes: number, rate: number, segmentSize: number, now: number): void {
    if (rate === Number.POSITIVE_INFINITY) return;
    const earliest = now - Math.max(LATENESS, (BURST * segmentSize) / rate);
    this.at = Math.max(this.at, earliest) + bytes / rate;
  }

  /** The next segment leaves at once. */
  skip(now: number): void {
    this.at = Math.min(this.at, now);
  }
}

const NEVER = Number.POSITIVE_INFINITY;
/** Milliseconds between probes that are not answered, and their number until the end. */
const INTERVAL = 15_000;
const MOST_PROBES = 8;

/** Keep-alive of one connection (RFC 9293 §3.8.4): off unless the application asks for it. */
export class KeepAlive {
  /** When {@link isDue} was asked last. */
  now = 0;
  #idle = 0;
  #at = NEVER;
  #probes = 0;

  /** When the next probe, or the end, is due. */
  get deadline(): number {
    return this.#at;
  }

  /** @param idle - milliseconds without a segment until the first probe; 0 for none */
  set(idle: number, now: number): void {
    this.#idle = idle;
    this.heard(now);
  }

  /** A segment came, or data went. */
  heard(now: number): void {
    this.#probes = 0;
    this.#at = this.#idle > 0 ? now + this.#idle : NEVER;
  }

  /** Whether so many probes were not answered that the connection has to end. */
  isExhausted(now: number): boolean {
    return now >= this.#at && this.#probes >= MOST_PROBES;
  }

  /** Whether a probe has to go now; counts it. */
  isDue(now: number): boolean {
    this.now = now;
    if (now < this.#at) return false;
    this.#probes++;
    this.#at = now + INTERVAL;
    return true;
  }
}

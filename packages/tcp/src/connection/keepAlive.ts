const NEVER = Number.POSITIVE_INFINITY;
/** Two hours, below which no default may be (RFC 9293 §3.8.4, MUST-28). */
const DEFAULT_IDLE = 7_200_000;
const DEFAULT_INTERVAL = 75_000;
const DEFAULT_COUNT = 9;

/** How a connection that is idle is probed (RFC 9293 §3.8.4). */
export interface KeepAliveOptions {
  /** Milliseconds without a segment until the first probe, more than 0; default two hours. */
  readonly idle?: number;
  /** Milliseconds between probes that are not answered, more than 0; default 75 seconds. */
  readonly interval?: number;
  /** Probes without an answer after which the connection ends, 1 or more; default 9. */
  readonly count?: number;
}

/** Keep-alive of one connection (RFC 9293 §3.8.4): off unless the application asks for it. */
export class KeepAlive {
  #idle = NEVER;
  #interval = DEFAULT_INTERVAL;
  #count = DEFAULT_COUNT;
  #at = NEVER;
  #probes = 0;

  /** When the next probe, or the end, is due. */
  get deadline(): number {
    return this.#at;
  }

  /** Whether so many probes were not answered that the connection has to end when the next is due. */
  get isExhausted(): boolean {
    return this.#probes >= this.#count;
  }

  /** @param options - null for no probes */
  set(options: KeepAliveOptions | null, now: number): void {
    this.#idle = options === null ? NEVER : (options.idle ?? DEFAULT_IDLE);
    this.#interval = options?.interval ?? DEFAULT_INTERVAL;
    this.#count = options?.count ?? DEFAULT_COUNT;
    this.heard(now);
  }

  /** An acceptable segment came, or data went. */
  heard(now: number): void {
    this.#probes = 0;
    this.#at = now + this.#idle;
  }

  /** A probe was sent. */
  probed(now: number): void {
    this.#probes++;
    this.#at = now + this.#interval;
  }
}

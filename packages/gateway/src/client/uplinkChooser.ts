/** The way that datagrams take from a peer to the Internet. */
export type UplinkKind = 'udp' | 'gateway';

/** Milliseconds without an answer over UDP after which the gateway is tried. */
const PATIENCE = 3_000;
/** Milliseconds between two looks whether UDP works again: the first, and the longest; each is twice the one before. */
const FIRST_INTERVAL = 10_000;
const LONGEST_INTERVAL = 600_000;
/** Milliseconds for which UDP has to work before it is trusted again as at first. */
const STEADY = 60_000;

/**
 * Decides between UDP and a gateway: UDP, as long as routers answer there; the gateway once they do not, while UDP is asked
 * from time to time, and used again when it works. A router answers every solicitation, so its silence says
 * something; that of others does not.
 */
export class UplinkChooser {
  #uses: UplinkKind = 'udp';
  #wantsGateway = false;
  #askedAt = Number.POSITIVE_INFINITY;
  #interval = FIRST_INTERVAL;
  #probeAt = Number.POSITIVE_INFINITY;
  #returnedAt = Number.NEGATIVE_INFINITY;

  /** The way that datagrams take now. */
  get uses(): UplinkKind {
    return this.#uses;
  }

  /** Whether there should be a connection to the gateway. */
  get wantsGateway(): boolean {
    return this.#wantsGateway;
  }

  /** When {@link due} has to be called, in milliseconds; Infinity for never. */
  get nextTimeout(): number {
    const fallback = this.#wantsGateway ? Number.POSITIVE_INFINITY : this.#askedAt + PATIENCE;
    return Math.min(fallback, this.#probeAt);
  }

  /** A router was asked over UDP. */
  asked(now: number): void {
    if (this.#uses === 'udp') this.#askedAt = Math.min(this.#askedAt, now);
  }

  /**
   * A router answered over UDP.
   *
   * @returns whether UDP is used from now on, and was not before
   */
  answered(now: number): boolean {
    this.#askedAt = Number.POSITIVE_INFINITY;
    this.#wantsGateway = false;
    this.#probeAt = Number.POSITIVE_INFINITY;
    if (this.#uses === 'udp') return false;
    this.#uses = 'udp';
    this.#returnedAt = now;
    return true;
  }

  /**
   * There is a connection to the gateway.
   *
   * @returns whether it is used from now on, and was not before
   */
  connected(now: number): boolean {
    if (!this.#wantsGateway || this.#uses === 'gateway') return false;
    this.#uses = 'gateway';
    this.#askedAt = Number.POSITIVE_INFINITY;
    if (now - this.#returnedAt > STEADY) this.#interval = FIRST_INTERVAL;
    this.#probeAt = now + this.#interval;
    return true;
  }

  /** The connection to the gateway broke, or the computer is in another network: UDP may be what works. */
  changed(now: number): void {
    this.#interval = FIRST_INTERVAL;
    if (this.#uses === 'gateway') this.#probeAt = now;
  }

  /** The time of {@link nextTimeout} has come. @returns whether to ask the routers over UDP now */
  due(now: number): boolean {
    if (now >= this.#askedAt + PATIENCE) this.#wantsGateway = true;
    if (now < this.#probeAt) return false;
    this.#interval = Math.min(LONGEST_INTERVAL, 2 * this.#interval);
    this.#probeAt = now + this.#interval;
    return true;
  }
}

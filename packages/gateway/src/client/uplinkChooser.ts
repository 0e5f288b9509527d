/** The way that datagrams take from a peer to the Internet. */
export type UplinkKind = 'udp' | 'gateway';

/** Milliseconds without an answer over UDP after which the gateway is tried. */
const PATIENCE = 3_000;
/** Milliseconds without an answer after which all routers are asked: the one may be down, or a datagram lost. */
const REPEAT_AFTER = PATIENCE / 2;
/** Milliseconds between two looks whether UDP works again: the first, and the longest; each is twice the one before. */
const FIRST_INTERVAL = 10_000;
const LONGEST_INTERVAL = 600_000;
/** Milliseconds for which UDP has to work before it is trusted again as at first. */
const STEADY = 60_000;
/** Milliseconds for which nothing may come while something is sent, before routers are asked. */
const LONGEST_SILENCE = 1_000;
/** Milliseconds between two such questions that are answered: some only send. */
const QUESTION_INTERVAL = 10_000;

/**
 * Decides between UDP and a gateway: UDP, as long as routers answer there; the gateway once they do not, while UDP is asked
 * from time to time, and used again when it works. A router answers every solicitation, so its silence says
 * something; that of others does not. So routers are asked when datagrams are sent and nothing comes back.
 */
export class UplinkChooser {
  #uses: UplinkKind = 'udp';
  #wantsGateway = false;
  #askedAt = Number.POSITIVE_INFINITY;
  #repeatAt = Number.POSITIVE_INFINITY;
  #interval = FIRST_INTERVAL;
  #probeAt = Number.POSITIVE_INFINITY;
  #returnedAt = Number.NEGATIVE_INFINITY;
  /** When silence is to be judged. */
  #silentAt = Number.POSITIVE_INFINITY;
  #hasHeard = false;
  #questionAt = Number.NEGATIVE_INFINITY;

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
    return Math.min(fallback, this.#repeatAt, this.#probeAt, this.#silentAt);
  }

  /** Whether {@link sent} has to be called for the next datagram: not while silence is measured already. */
  get wantsSent(): boolean {
    return this.#silentAt === Number.POSITIVE_INFINITY && this.#uses === 'udp';
  }

  /** A datagram was sent over UDP to which something may come back. Call it where {@link wantsSent} holds. */
  sent(now: number): void {
    this.#hasHeard = false;
    this.#silentAt = Math.max(now + LONGEST_SILENCE, this.#questionAt + QUESTION_INTERVAL);
  }

  /** A datagram came over UDP. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** A router was asked over UDP. */
  asked(now: number): void {
    if (this.#uses !== 'udp' || this.#askedAt !== Number.POSITIVE_INFINITY) return;
    this.#askedAt = now;
    this.#repeatAt = now + REPEAT_AFTER;
  }

  /**
   * A router answered over UDP.
   *
   * @returns whether UDP is used from now on, and was not before
   */
  answered(now: number): boolean {
    this.#hasHeard = true;
    this.#askedAt = Number.POSITIVE_INFINITY;
    this.#repeatAt = Number.POSITIVE_INFINITY;
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
    this.#repeatAt = Number.POSITIVE_INFINITY;
    this.#silentAt = Number.POSITIVE_INFINITY;
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
    if (now >= this.#silentAt) return this.#judge(now);
    if (now >= this.#repeatAt) {
      this.#repeatAt = Number.POSITIVE_INFINITY;
      return true;
    }
    if (now < this.#probeAt) return false;
    this.#interval = Math.min(LONGEST_INTERVAL, 2 * this.#interval);
    this.#probeAt = now + this.#interval;
    return true;
  }

  /** Whether nothing came, so that routers have to be asked: every second, until they answer or the gateway is wanted. */
  #judge(now: number): boolean {
    const isSilent = !this.#hasHeard;
    const isRepeated = isSilent && !this.#wantsGateway;
    this.#silentAt = isRepeated ? now + LONGEST_SILENCE : Number.POSITIVE_INFINITY;
    if (!isSilent) return false;
    this.#questionAt = now;
    this.#askedAt = Math.min(this.#askedAt, now);
    return true;
  }
}

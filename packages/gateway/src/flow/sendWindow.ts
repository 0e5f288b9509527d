import { DeliveryRate } from './deliveryRate.js';

/** Milliseconds that datagrams may wait on the way, beyond twice the time that the way itself takes. */
export const QUEUE_DELAY = 100;
/** Milliseconds that they may take before the first receipt has shown how long the way is. */
const FIRST_LIMIT = 1_000;
/** Milliseconds after which the way may have become longer for good. */
const MINIMUM_AGE = 10_000;
/**
 * Milliseconds for which nothing may arrive at all. A lost segment, or a computer that does something else, are no reason to
 * lose more.
 */
const LONGEST_JAM = 1_000;
/** Datagrams that may be under way, however slow that is; and before it is known how many arrive. */
const FEWEST = 32;
const FIRST_WINDOW = 64;
/** Datagrams that may be under way before so many ever were, where others have arrived quickly. */
const EARLY_WINDOW = 256;
/** Milliseconds that datagrams may have waited while more and more are sent. */
const GROWTH_DELAY = QUEUE_DELAY / 2;
/** Milliseconds without receipts after which nothing is known any more of what arrives. */
const IDLE_TIME = 5_000;
/** Milliseconds between datagrams that are told apart; so there are few, however many datagrams. */
const GRAIN = 4;

interface Mark {
  /** The number of the first datagram that was sent at this time. */
  readonly count: number;
  readonly at: number;
  /** Whether the time is known that this datagram took. */
  isMeasured: boolean;
}

/**
 * Keeps datagrams from waiting in the buffers of a connection, which hold seconds of them. By receipts, the sender knows
 * how fast datagrams arrive, and how long the way is: no more are under way than arrive in twice that time and
 * {@link QUEUE_DELAY}, and none while nothing has arrived for a second longer. As long as they hardly wait, it is for each
 * one that arrives one more, since nobody knows yet how many can. Others are dropped, as a router with a short
 * queue does, and what sends them slows down. It does not matter where they would wait: in this process, in a kernel, or
 * in a proxy in between.
 */
export class SendWindow {
  readonly #marks: Mark[] = [];
  #sent = 0;
  #confirmed = 0;
  /** The shortest time to a receipt, in this period and in the one before. */
  #shortest = Number.POSITIVE_INFINITY;
  #shortestBefore = Number.POSITIVE_INFINITY;
  #periodEnd = Number.NEGATIVE_INFINITY;
  readonly #rate = new DeliveryRate();
  /** Datagrams that may be under way at least, as long as they hardly wait. */
  #growth = FIRST_WINDOW;
  /** The most that were under way since any waited. */
  #peak = 0;
  #confirmedAt = Number.NEGATIVE_INFINITY;

  /** Whether a datagram may be sent now. */
  allows(now: number): boolean {
    const oldest = this.#marks[0];
    return (
      oldest === undefined ||
      (now - oldest.at <= this.limit + LONGEST_JAM && this.unconfirmed < this.#most)
    );
  }

  /** Milliseconds of datagrams that may be under way. */
  get limit(): number {
    const way = this.#way;
    return way === Number.POSITIVE_INFINITY ? FIRST_LIMIT : 2 * way + QUEUE_DELAY;
  }

  /** Milliseconds that a datagram takes with none before it, and its receipt. */
  get #way(): number {
    return Math.min(this.#shortest, this.#shortestBefore);
  }

  /** Datagrams that may be under way. */
  get #most(): number {
    return Math.max(this.#growth, this.#rate.perMillisecond * this.limit);
  }

  /** Datagrams that were sent and not confirmed. */
  get unconfirmed(): number {
    return this.#sent - this.#confirmed;
  }

  /** A datagram was sent. */
  sent(now: number): void {
    const last = this.#marks[this.#marks.length - 1];
    if (last === undefined || now - last.at >= GRAIN)
      this.#marks.push({ count: this.#sent, at: now, isMeasured: false });
    this.#sent++;
  }

  /**
   * A receipt came.
   *
   * @param count - of datagrams, modulo 2^32
   * @returns false when it confirms what was not sent
   */
  receipt(count: number, now: number): boolean {
    const news = (count - this.#confirmed) >>> 0;
    if (news > this.#sent - this.#confirmed) return false;
    if (news === 0) return true;
    if (now - this.#confirmedAt > IDLE_TIME) this.#growth = FIRST_WINDOW;
    this.#confirmedAt = now;
    this.#peak = Math.max(this.#peak, this.unconfirmed);
    this.#confirmed += news;
    const newest = this.#takeMarks(now);
    if (newest !== null) this.#rate.confirmed(this.#confirmed, newest.at, now);
    const most = Math.max(EARLY_WINDOW, 4 * this.#peak);
    if (this.#growth < most && this.#peak > 0) this.#growth = Math.min(this.#growth + news, most);
    return true;
  }

  /** Learns from what was confirmed how long it took. @returns the last that was confirmed as a whole */
  #takeMarks(now: number): Mark | null {
    let newest: Mark | null = null;
    let hasWaited = false;
    for (;;) {
      const mark = this.#marks[0];
      if (mark === undefined || mark.count >= this.#confirmed) break;
      if (!mark.isMeasured) this.#measured(now - mark.at, now);
      mark.isMeasured = true;
      if (now - mark.at - this.#way > GROWTH_DELAY) hasWaited = true;
      if (this.#endOf(1) > this.#confirmed) break;
      newest = mark;
      this.#marks.shift();
    }
    if (hasWaited) [this.#growth, this.#peak] = [FEWEST, 0];
    return newest;
  }

  /** The number of the first datagram behind those of the first mark. */
  #endOf(next: number): number {
    return this.#marks[next]?.count ?? this.#sent;
  }

  #measured(duration: number, now: number): void {
    if (now >= this.#periodEnd) {
      this.#shortestBefore = this.#shortest;
      this.#shortest = Number.POSITIVE_INFINITY;
      this.#periodEnd = now + MINIMUM_AGE;
    }
    this.#shortest = Math.min(this.#shortest, duration);
  }
}

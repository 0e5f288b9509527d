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
/** Datagrams that may be under way, however slow that is; and before any was confirmed. */
const FEWEST = 32;
const FIRST_WINDOW = 64;
/** Milliseconds between datagrams that are told apart; so there are few, however many datagrams. */
const GRAIN = 4;

interface Mark {
  /** The number of the first datagram that was sent at this time. */
  readonly count: number;
  readonly at: number;
}

/**
 * Keeps datagrams from waiting in the buffers of a connection, which hold seconds of them. By receipts, the sender knows
 * how fast datagrams arrive, and how long the way is: no more are under way than arrive in twice that time and
 * {@link QUEUE_DELAY}, and none while nothing has arrived for a second longer. Others are dropped, as a router with a short
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
    const way = Math.min(this.#shortest, this.#shortestBefore);
    return way === Number.POSITIVE_INFINITY ? FIRST_LIMIT : 2 * way + QUEUE_DELAY;
  }

  /** Datagrams that may be under way. */
  get #most(): number {
    if (this.#confirmed < FIRST_WINDOW) return FIRST_WINDOW;
    return Math.max(FEWEST, this.#rate.perMillisecond * this.limit);
  }

  /** Datagrams that were sent and not confirmed. */
  get unconfirmed(): number {
    return this.#sent - this.#confirmed;
  }

  /** A datagram was sent. */
  sent(now: number): void {
    const last = this.#marks[this.#marks.length - 1];
    if (last === undefined || now - last.at >= GRAIN)
      this.#marks.push({ count: this.#sent, at: now });
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
    this.#confirmed += news;
    let newest: Mark | null = null;
    while (this.#marks.length > 0 && this.#endOf(1) <= this.#confirmed)
      newest = this.#marks.shift()!;
    if (newest !== null) {
      this.#rate.confirmed(this.#confirmed, newest.at, now);
      this.#measured(now - newest.at, now);
    }
    return true;
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

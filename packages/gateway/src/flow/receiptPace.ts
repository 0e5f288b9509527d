/** Datagrams that are confirmed at once. */
const MOST_UNCONFIRMED = 16;
/** Milliseconds for which a datagram waits to be confirmed. */
const LONGEST_WAIT = 10;

/** Decides when a receiver confirms what came over a connection: soon, and many at once. */
export class ReceiptPace {
  #received = 0;
  #confirmed = 0;
  #dueAt = Number.POSITIVE_INFINITY;

  /** Datagrams that came so far. */
  get received(): number {
    return this.#received;
  }

  /** The time at which a receipt has to be sent, in milliseconds; Infinity for none. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** A datagram came. @returns whether to send a receipt now */
  arrived(now: number): boolean {
    this.#received++;
    if (this.#received - this.#confirmed >= MOST_UNCONFIRMED) return true;
    this.#dueAt = Math.min(this.#dueAt, now + LONGEST_WAIT);
    return false;
  }

  /** A receipt for all that came is sent. */
  confirmed(): void {
    this.#confirmed = this.#received;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }
}

/** What is counted about UDP, in `6bed4 status --json`. */
export interface DatagramCounts {
  /** Associations of clients, or remotes of a service, at present. */
  readonly open: number;
  /** The same since the start. */
  readonly accepted: number;
  /** Datagrams from the clients of the service that were sent on, and datagrams to them. */
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** Datagrams that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Counts datagrams. */
export class DatagramCounter {
  accepted = 0;
  received = 0;
  sent = 0;
  readonly #dropped: Record<string, number> = {};

  drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  /** @param open - associations or remotes at present */
  counts(open: number): DatagramCounts {
    return {
      open,
      accepted: this.accepted,
      datagramsReceived: this.received,
      datagramsSent: this.sent,
      dropped: { ...this.#dropped },
    };
  }
}

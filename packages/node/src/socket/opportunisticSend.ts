/**
 * A datagram that was sent directly to its destination before that path was confirmed, because its
 * sender will send it again if no reply comes (draft-03 §8.7).
 */
export class OpportunisticSend {
  readonly #report: (send: number) => boolean;
  #send = 0;

  /** @internal */
  constructor(report: (send: number) => boolean) {
    this.#report = report;
  }

  /**
   * Whether the datagram was sent opportunistically. It was not where the direct path is in use already,
   * where the search for it failed, or while the address is still being looked up.
   */
  get isOpportunistic(): boolean {
    return this.#send !== 0;
  }

  /** @internal */
  readonly sent = (send: number): void => {
    this.#send = send;
  };

  /**
   * Reports that the reply has come, and the datagram was not sent again. If anything came directly from
   * the remote since, that confirms the direct path.
   *
   * @returns whether it did
   */
  answered(): boolean {
    if (this.#send === 0) return false;
    const send = this.#send;
    this.#send = 0;
    return this.#report(send);
  }
}

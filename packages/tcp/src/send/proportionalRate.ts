/**
 * Proportional Rate Reduction: how much may be sent in recovery, so that the window comes down smoothly to its
 * target while what was lost is sent again (RFC 9937 §6). In bytes.
 */
export class ProportionalRate {
  #target = 0;
  #flightAtStart = 0;
  #delivered = 0;
  #sent = 0;
  #allowance = 0;

  /** What may still be sent on the acknowledgments so far. */
  get allowance(): number {
    return this.#allowance;
  }

  /**
   * Recovery begins.
   *
   * @param inFlight - RecoverFS: on its way before the acknowledgment that began it
   * @param target - ssthresh: the window after it
   * @param segmentSize - the first of the lost segments may be sent at once
   */
  begin(inFlight: number, target: number, segmentSize: number): void {
    this.#flightAtStart = Math.max(inFlight, 1);
    this.#target = target;
    this.#delivered = 0;
    this.#sent = 0;
    this.#allowance = segmentSize;
  }

  /**
   * An acknowledgment came.
   *
   * @param delivered - newly delivered
   * @param inFlight - on its way now
   * @param isSafe - whether it says that nothing more was lost
   */
  acknowledged(delivered: number, inFlight: number, isSafe: boolean, segmentSize: number): void {
    if (delivered === 0) return;
    this.#delivered += delivered;
    if (inFlight > this.#target) {
      const share = Math.ceil((this.#delivered * this.#target) / this.#flightAtStart);
      this.#allowance = share - this.#sent;
    } else {
      const limit = Math.max(this.#delivered - this.#sent, delivered) + (isSafe ? segmentSize : 0);
      this.#allowance = Math.min(this.#target - inFlight, limit);
    }
    if (this.#sent === 0) this.#allowance = Math.max(this.#allowance, segmentSize);
  }

  sent(bytes: number): void {
    this.#sent += bytes;
    this.#allowance -= bytes;
  }
}

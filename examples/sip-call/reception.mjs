/** What a receiver knows about an RTP stream (RFC 3550 §6.4.1), one with a clock of 8000 Hz. */
export class Reception {
  #base;
  #highest;
  #transit;
  #jitter = 0;
  received = 0;

  /** Takes a packet into account: its sequence number and timestamp, and when it came, in milliseconds. */
  take(sequence, timestamp, arrival) {
    const transit = (Math.round(arrival * 8) - timestamp) | 0;
    if (this.received++ === 0) {
      this.#base = sequence;
      this.#highest = sequence;
    } else {
      // Distance from the highest so far, with the 16 bits of the number extended (RFC 3550 A.1).
      const ahead = ((sequence - this.#highest) << 16) >> 16;
      this.#highest += Math.max(0, ahead);
      // RFC 3550 A.8: the mean deviation of the difference in spacing, smoothed by 1/16.
      this.#jitter += (Math.abs((transit - this.#transit) | 0) - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** Cumulative number of packets lost (RFC 3550 A.3), and jitter in milliseconds. */
  get report() {
    const expected = this.received === 0 ? 0 : this.#highest - this.#base + 1;
    return { received: this.received, lost: expected - this.received, jitter: this.#jitter / 8 };
  }
}

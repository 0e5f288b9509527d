/** Statistics of a received RTP stream (RFC 3550 §6.4.1) with a clock of 8 kHz. */
export function createReception() {
  let [first, highest, lastTransit] = [];
  let received = 0;
  let jitter = 0;
  return {
    /** Counts a packet by its sequence number, its timestamp, and its arrival in milliseconds. */
    add(sequence, timestamp, arrival) {
      const transit = (Math.round(arrival * 8) - timestamp) | 0;
      first ??= sequence;
      highest ??= sequence;
      lastTransit ??= transit;
      // The 16 bits of the number continue the count, as in RFC 3550 A.1.
      highest += Math.max(0, ((sequence - highest) << 16) >> 16);
      // RFC 3550 A.8.
      jitter += (Math.abs((transit - lastTransit) | 0) - jitter) / 16;
      lastTransit = transit;
      received++;
    },
    /** `lost` is expected minus received (RFC 3550 A.3), `jitter` in milliseconds. */
    report() {
      const expected = received === 0 ? 0 : highest - first + 1;
      return { received, lost: expected - received, jitter: jitter / 8 };
    },
  };
}

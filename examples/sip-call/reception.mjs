/** What a receiver learns about an RTP stream (RFC 3550 §6.4.1) whose clock runs at 8 kHz. */
export function createReception() {
  let [first, highest, lastTransit] = [];
  let received = 0;
  let jitter = 0;
  return {
    /** Counts a packet: its sequence number, its timestamp, and when it came in milliseconds. */
    take(sequence, timestamp, arrival) {
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
    /** `lost` is expected less received (RFC 3550 A.3), `jitter` in milliseconds. */
    report() {
      const expected = received === 0 ? 0 : highest - first + 1;
      return { received, lost: expected - received, jitter: jitter / 8 };
    },
  };
}

/** Counts of what happened to segments. */
export class TcpCounters {
  segmentsReceived = 0;
  segmentsSent = 0;
  /** Those with a wrong header or checksum, or addresses or ports that no segment can have. */
  malformed = 0;
  /** Those to an address that is none of this side. */
  notOurs = 0;
  /** Resets for segments of no connection. */
  resetsSent = 0;
  /** The same, which exceeded the limit. */
  resetsWithheld = 0;
  /** Answers to what may be a guess, which exceeded the limit (RFC 5961 §7). */
  challengesWithheld = 0;
  /** SYNs and ends of handshakes that were ignored, since as many connections wait as the backlog allows. */
  overflows = 0;
  cookiesSent = 0;
  cookiesAccepted = 0;
  /** Connections in TIME-WAIT, or whose handshake is not complete, that had to make room for others. */
  evicted = 0;
  /** ICMPv6 errors about connections. */
  icmpErrors = 0;
}

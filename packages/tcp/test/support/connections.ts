/** Options under which no option clutters the segments of a script. */
export const plain = { timestamps: false, sack: false, ecn: false };

/**
 * The begin of scripts whose subject comes later: a connection that is open after 10 ms, to who takes segments
 * of 1000 bytes.
 */
export const OPEN = `
  0    listen
  0    < S 0 win 10000 <mss 1000>
  0    > SA 0 ack 1
  10   < A 1 ack 1 win 10000
  10   = ESTABLISHED
`;

import { describe, test } from 'vitest';
import { OPEN, runPlain } from './support/timestamped.js';

const DAY = 24 * 3_600_000;

describe('timestamps (RFC 7323)', () => {
  test('echo that of the segment which the last acknowledgment was about (§4.3)', () => {
    runPlain(
      `${OPEN}
      +5   < PA 1:11 ack 1 <ts 1015 0>
      +0   > A 1 ack 11 <ts 15 1015>
      +5   < PA 21:31 ack 1 <ts 1020 0>
      +0   > A 1 ack 11 <ts 20 1015>
      +5   < PA 11:21 ack 1 <ts 1019 0>
      +0   > A 1 ack 31 <ts 25 1019>
    `,
    );
  });

  test('show old duplicates, which are answered and not taken (PAWS, §5.3)', () => {
    runPlain(
      `${OPEN}
      +5   < PA 1:11 ack 1 <ts 1009 0>
      +0   > A 1 ack 1 <ts 15 1010>
      +0   < PA 1:11 ack 1 <ts 1010 0>
      +0   > A 1 ack 11
    `,
    );
  });

  test('hold across the wrap of their clock', () => {
    runPlain(
      `
      0    listen
      0    < S 0 win 10000 <mss 1000, ts 4294967290 0>
      0    > SA 0 ack 1 <mss 1220, ts 0 4294967290>
      10   < A 1 ack 1 <ts 4 0>
      +1   < PA 1:11 ack 1 <ts 5 0>
      +0   > A 1 ack 11 <ts 11 5>
      +1   < PA 11:21 ack 1 <ts 4294967291 0>
      +0   > A 1 ack 11 <ts 12 5>
    `,
    );
  });

  test('do not matter for a reset', () => {
    runPlain(
      `${OPEN}
      +5   < R 1
      +0   = CLOSED ECONNRESET
    `,
    );
    runPlain(
      `${OPEN}
      +5   < R 1 <ts 500 0>
      +0   = CLOSED ECONNRESET
    `,
    );
  });

  test('must be in every other segment, or it is dropped silently (§3.2)', () => {
    runPlain(
      `${OPEN}
      +5   < PA 1:11 ack 1
      +0   = ESTABLISHED
      +0   read 0
    `,
    );
  });

  test('say nothing any more after 24 days without a segment (§5.5)', () => {
    runPlain(
      `${OPEN}
      ${10 + 24 * DAY - 1} < PA 1:11 ack 1 <ts 1009 0>
      +0   > A 1 ack 1 <ts ${10 + 24 * DAY - 1} 1010>
      +1   < PA 1:11 ack 1 <ts 1009 0>
      +0   > A 1 ack 11 <ts ${10 + 24 * DAY} 1009>
      +1   < PA 11:21 ack 1 <ts 1008 0>
      +0   > A 1 ack 11 <ts ${10 + 24 * DAY + 1} 1009>
    `,
    );
  });

  test('cannot be older in what follows a FIN in TIME-WAIT', () => {
    runPlain(
      `${OPEN}
      +0     end
      +0     > FA 1 ack 1
      +10    < FA 1 ack 2 <ts 1020 0>
      +0     > A 2 ack 2
      +50000 < FA 1 ack 2 <ts 1019 0>
      +0     > A 2 ack 2
      60020  = CLOSED
    `,
    );
  });
});

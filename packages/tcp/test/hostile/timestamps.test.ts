import { describe, test } from 'vitest';
import { OPEN, runPlain } from '../support/timestamped.js';

describe('a timestamp far ahead, after which all true ones are old (RFC 7323 §5.3)', () => {
  test('does nothing in a segment outside the window', () => {
    runPlain(
      `${OPEN}
      +0   < PA 70000:70001 ack 1 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +0   < PA -20:-10 ack 1 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +1   < PA 1:11 ack 1 <ts 1011 0>
      +0   > A 1 ack 11 <ts 11 1011>
    `,
    );
  });

  test('does nothing in a segment that acknowledges what was not sent, or long ago (RFC 5961 §5.2)', () => {
    runPlain(
      `${OPEN}
      +0   < PA 1:11 ack 2 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +500 < PA 1:11 ack -10000 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 510 1010>
      +1   < PA 1:11 ack 1 <ts 1011 0>
      +0   > A 1 ack 11 <ts 511 1011>
    `,
    );
  });

  test('does nothing without an acknowledgment, or with SYN or RST', () => {
    runPlain(
      `${OPEN}
      +0   < P 1:11 <ts 1000000000 0>
      +0   < SA 1 ack 1 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +500 < R 2 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 510 1010>
      +1   < PA 1:11 ack 1 <ts 1011 0>
      +0   > A 1 ack 11 <ts 511 1011>
    `,
    );
  });

  test('does nothing in data behind a gap (§4.3)', () => {
    runPlain(
      `${OPEN}
      +0   < PA 21:31 ack 1 <ts 1000000000 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +1   < PA 1:21 ack 1 <ts 1011 0>
      +0   > A 1 ack 31 <ts 11 1011>
    `,
    );
  });

  test('of one who sees everything stops him, and keep-alive ends what is left', () => {
    runPlain(
      `${OPEN}
      +0    keepalive 1000 100 2
      +0    < PA 1:11 ack 1 <ts 1000000000 0>
      +0    > A 1 ack 11 <ts 10 1000000000>
      +500  < PA 11:21 ack 1 <ts 1500 0>
      +0    > A 1 ack 11 <ts 510 1000000000>
      1010  > A 0 ack 11 <ts 1010 1000000000>
      +10   < A 11 ack 1 <ts 2000 0>
      +0    > A 1 ack 11 <ts 1020 1000000000>
      1110  > A 0 ack 11 <ts 1110 1000000000>
      1210  > RA 1 ack 11
      +0    = CLOSED ETIMEDOUT
    `,
    );
  });

  test('by more than half their range is an old one', () => {
    runPlain(
      `${OPEN}
      +0   < PA 1:11 ack 1 <ts 2147484658 0>
      +0   > A 1 ack 1 <ts 10 1010>
      +0   < PA 1:11 ack 1 <ts 2147484657 0>
      +0   > A 1 ack 11 <ts 10 2147484657>
    `,
    );
  });
});

describe('an echo of a timestamp that was never sent', () => {
  test('neither makes the timeout shorter than 200 ms nor longer than a minute', () => {
    runPlain(
      `${OPEN}
      +0    write 10
      +0    > PA 1:11 ack 1
      +10   < A 1 ack 11 <ts 1020 1000000>
      +10   write 10
      +0    > PA 11:21 ack 1
      +10   < A 1 ack 21 <ts 1040 -2000000000>
      +10   write 10
      +0    > PA 21:31 ack 1
      +200  > PA 21:31 ack 1
    `,
    );
  });
});

import { describe, test } from 'vitest';
import { OPEN, plain } from '../support/connections.js';
import { runScript } from '../support/script.js';

const sack = { timestamps: false, ecn: false };
const OPEN_SACK = OPEN.replace('<mss 1000>', '<mss 1000, sack>');

describe('a receiver that acknowledges', () => {
  test('what was not sent yet is not believed (RFC 5961 §5.2)', () => {
    runScript(
      `${OPEN}
      +0   write 3000
      +0   > A 1:1001 ack 1
      +0   > A 1001:2001 ack 1
      +0   > PA 2001:3001 ack 1
      +1   < A 1 ack 3002 win 65535
      +0   > A 3001 ack 1
      +1   < A 1 ack 100000 win 65535
      +1   < A 1 ack 2000000000 win 65535
      +10  < A 1 ack 3001 win 10000
      +0   write 1
      +0   > PA 3001:3002 ack 1
    `,
      plain,
    );
  });

  test('the same again and again gets a segment sent again once', () => {
    const more = '+0 < A 1 ack 1 win 10000\n'.repeat(1_000);
    runScript(
      `${OPEN}
      +0   write 3000
      +0   > A 1:1001 ack 1
      +0   > A 1001:2001 ack 1
      +0   > PA 2001:3001 ack 1
      +1   < A 1 ack 1 win 10000
      +0   < A 1 ack 1 win 10000
      +0   < A 1 ack 1 win 10000
      +0   > A 1:1001 ack 1
      ${more}
      +10  < A 1 ack 3001 win 10000
    `,
      plain,
    );
  });
});

describe('selective acknowledgments (RFC 2018) that are', () => {
  const SENT = `${OPEN_SACK}
    +0   write 3000
    +0   > A 1:1001 ack 1
    +0   > A 1001:2001 ack 1
    +0   > PA 2001:3001 ack 1
  `;

  test.each([
    ['of what was not sent', 'sacked 1001-3002'],
    ['of what was never sent', 'sacked 4001-5001 6001-7001 8001-9001 100000-200000'],
    ['of everything there is', 'sacked 2-3001 1-3001 1-1001 -1000000000-1000000000'],
    ['reversed', 'sacked 3001-1001 2001-1001 3001-2001 1-1'],
    ['empty', 'sacked 1001-1001 2001-2001 3001-3001 1-1'],
    ['of parts of segments', 'sacked 1002-2001 2001-3000 1500-1600 2500-2501'],
  ])('%s show no loss, and what was lost is sent again', (_, blocks) => {
    runScript(
      `${SENT}
      +1   < A 1 ack 1 win 10000 <${blocks}>
      +1   < A 1 ack 1 win 10000 <${blocks}>
      +1   < A 1 ack 1 win 10000 <${blocks}>
      +10  < A 1 ack 1001 win 10000
      +10  < A 1 ack 2001 win 10000
      +10  < A 1 ack 3001 win 10000
      +0   write 1
      +0   > PA 3001:3002 ack 1
    `,
      sack,
    );
  });

  test('taken back are forgotten when the timer expires, and all is sent again (§8)', () => {
    runScript(
      `${SENT}
      +10  < A 1 ack 1 win 10000 <sacked 1001-3001>
      22.5 > A 1:1001 ack 1
      35   < A 1 ack 1001 win 10000
      +200 > A 1001:2001 ack 1
      +10  < A 1 ack 2001 win 10000
      +0   > PA 2001:3001 ack 1
      +10  < A 1 ack 3001 win 10000
      +0   write 1
      +0   > PA 3001:3002 ack 1
    `,
      sack,
    );
  });

  test('of all but the first end with the user timeout', () => {
    runScript(
      `${SENT}
      +0     user-timeout 1000
      +10    < A 1 ack 1 win 10000 <sacked 1001-3001>
      22.5   > A 1:1001 ack 1
      220    > A 1:1001 ack 1
      +1     < A 1 ack 1 win 10000 <sacked 1001-3001>
      620    > A 1:1001 ack 1
      +1     < A 1 ack 1 win 10000 <sacked 1001-3001>
      1022.5 > RA 3001 ack 1
      +0     = CLOSED ETIMEDOUT
    `,
      sack,
    );
  });
});

describe('a segment size', () => {
  test.each([1, 87, 88])('of %i is taken for 88', (size) => {
    runScript(
      `
      0    listen
      0    < S 0 win 10000 <mss ${size}>
      0    > SA 0 ack 1
      10   < A 1 ack 1 win 10000
      +0   nodelay
      +0   write 100
      +0   > A 1:89 ack 1
      +0   > PA 89:101 ack 1
    `,
      plain,
    );
  });

  test('of 0 is taken for none, which is 1220 (RFC 9293 §3.7.1)', () => {
    runScript(
      `
      0    listen
      0    < S 0 win 10000 <mss 0>
      0    > SA 0 ack 1
      10   < A 1 ack 1 win 10000
      +0   nodelay
      +0   write 1221
      +0   > A 1:1221 ack 1
      +0   > PA 1221:1222 ack 1
    `,
      plain,
    );
  });
});

describe('a window that shrinks below what was sent (RFC 9293 §3.8.6)', () => {
  const SHRUNK = `${OPEN}
    +0   user-timeout 3000
    +0   write 3000
    +0   > A 1:1001 ack 1
    +0   > A 1001:2001 ack 1
    +0   > PA 2001:3001 ack 1
    +1   < A 1 ack 1 win 0
    210  > A 1:1001 ack 1
    +1   < A 1 ack 1 win 0
    610  > A 1:1001 ack 1
    +1   < A 1 ack 1 win 0
    1410 > A 1:1001 ack 1
    +1   < A 1 ack 1 win 0
    3010 > A 1:1001 ack 1
    +1   < A 1 ack 1 win 0
  `;

  test('is probed by what was sent, and does not end the connection (SHLD-17, MUST-36)', () => {
    runScript(
      `${SHRUNK}
      6210 > A 1:1001 ack 1
      +1   < A 1 ack 1001 win 10000
      +0   > A 1001:2001 ack 1
      +0   > PA 2001:3001 ack 1
      +0   = ESTABLISHED
    `,
      plain,
    );
  });

  test('ends it when nothing is answered any more', () => {
    runScript(
      `${SHRUNK}
      6210 > A 1:1001 ack 1
      9210 > RA 3001 ack 1
      +0   = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });

  test('ends it after the user timeout when nobody waits for it (RFC 6429 §6)', () => {
    runScript(
      `${SHRUNK}
      +0   close
      3210 > RA 3001 ack 1
      +0   = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });
});

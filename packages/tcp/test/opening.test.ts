import { describe, expect, test } from 'vitest';
import { plain } from './support/connections.js';
import { runScript } from './support/script.js';

describe('an active open', () => {
  test('offers all options and takes what is answered (RFC 9293 §3.5, figure 6)', () => {
    runScript(`
      0    connect
      0    > SEC 0 win 65535 <mss 1220, sack, ts 0 0, scale 7>
      +10  < SAE 0 ack 1 win 1000 <mss 1000, sack, ts 700 0, scale 2>
      +0   ! open
      +0   > A 1 ack 1 win 2048 <ts 10 700>
      +0   = ESTABLISHED
    `);
  });

  test('uses no option that is not answered', () => {
    runScript(`
      0    connect
      0    > SEC 0 <mss 1220, sack, ts 0 0, scale 7>
      +10  < SA 0 ack 1 win 1000
      +0   > A 1 ack 1 win 65535 <>
      +0   < A 2:102 ack 1
      +0   > A 1 ack 1 win 65535 <>
      +0   write 2000
      +0   > A 1:1221 ack 1 <>
    `);
  });

  test('sends the SYN again after 1, 2, 4 … seconds, and gives up after the connect timeout', () => {
    runScript(
      `
      0      connect
      0      > S 0 win 65535 <mss 1220, scale 7>
      1000   > S 0 win 65535 <mss 1220, scale 7>
      3000   > S 0
      7000   > S 0
      15000  > S 0
      31000  > S 0
      63000  > S 0
      74999  = SYN-SENT
      75000  ! closed
      75000  = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });

  test('is refused by a reset that acknowledges the SYN', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < RA 0 ack 1
      +0   ! closed
      +0   = CLOSED ECONNREFUSED
    `,
      plain,
    );
  });

  test('ignores resets of who has not seen the SYN (RFC 9293 §3.10.7.3, first and second)', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < R 0
      +0   < RA 0 ack 0
      +0   < RA 0 ack 2
      +0   = SYN-SENT
    `,
      plain,
    );
  });

  test('resets who acknowledges what was never sent, and goes on (figure 9)', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < A 300 ack 100
      +0   > R 100
      +0   < SA 300 ack 100
      +0   > R 100
      +0   < A 300 ack 1
      +0   = SYN-SENT
      1000 > S 0
      +5   < SA 0 ack 1
      +0   > A 1 ack 1
      +0   = ESTABLISHED
    `,
      plain,
    );
  });

  test('takes data and FIN that come with the SYN (RFC 9293 §3.10.7.3, fourth)', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < SFA 0:3 ack 1
      +0   > A 1 ack 5
      +0   = CLOSE-WAIT
    `,
      plain,
    );
    runScript(
      `
      0    connect
      0    > S 0
      +5   < SA 0:3 ack 1
      +0   ! open
      +0   ! readable
      +0   > A 1 ack 4
    `,
      plain,
    );
  });

  test('sends what was ended before it was open', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +0   end
      +5   < SA 0 ack 1
      +0   > FA 1 ack 1
      +0   = FIN-WAIT-1
    `,
      plain,
    );
  });

  test('is given up without a word, since the other side knows of nothing (RFC 9293 §3.10.5)', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +1   abort
      +0   ! closed
      +0   = CLOSED ECONNABORTED
    `,
      plain,
    );
  });
});

describe('a simultaneous open', () => {
  test('is open when the SYN is acknowledged (RFC 9293 §3.5, figure 7)', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < S 0 win 1000 <mss 1000>
      +0   > SA 0 ack 1
      +0   = SYN-RECEIVED
      +5   < SA 0 ack 1
      +0   ! open
      +0   > A 1 ack 1
      +0   = ESTABLISHED
    `,
      plain,
    );
  });

  test('cannot be feigned by who has not seen the SYN', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < S 7000
      +0   > SA 0 ack 7001
      +5   < SA 0 ack 1
      +0   > A 1 ack 1
      +0   = ESTABLISHED
    `,
      plain,
    );
    runScript(
      `
      0    connect
      0    > S 0
      +5   < S 7000
      +0   > SA 0 ack 7001
      +5   < RA 0 ack 1
      +0   = CLOSED ECONNREFUSED
    `,
      plain,
    );
  });

  test('is open by any acceptable acknowledgment', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < S 0 win 1000 <mss 1000>
      +0   > SA 0 ack 1
      +5   < A 1:4 ack 1
      +0   ! open
      +0   ! readable
      +0   > A 1 ack 4
    `,
      plain,
    );
  });

  test('is refused by a reset', () => {
    runScript(
      `
      0    connect
      0    > S 0
      +5   < S 0
      +0   > SA 0 ack 1
      +5   < R 1
      +0   ! closed
      +0   = CLOSED ECONNREFUSED
    `,
      plain,
    );
  });
});

describe('a passive open', () => {
  test('answers with those options that were offered', () => {
    runScript(`
      0    listen
      +0   < S 0 win 1000 <mss 1000, ts 700 0>
      +0   > SA 0 ack 1 win 65535 <mss 1220, ts 0 700>
      +9   < A 1 ack 1 win 1000 <ts 709 0>
      +0   ! accepted
      +0   = ESTABLISHED
    `);
  });

  test('answers a SYN that comes again, and sends the answer again by itself', () => {
    runScript(
      `
      0     listen
      +0    < S 0
      +0    > SA 0 ack 1
      +500  < S 0
      +0    > SA 0 ack 1
      1500  > SA 0 ack 1
    `,
      plain,
    );
  });

  test('takes data that comes before the acknowledgment without data', () => {
    runScript(
      `
      0    listen
      +0   < S 0
      +0   > SA 0 ack 1
      +5   < PA 1:11 ack 1
      +0   > A 1 ack 11
      +0   read 10
      +0   < FA 11 ack 1
      +0   > A 1 ack 12
      +0   = CLOSE-WAIT
    `,
      plain,
    );
  });

  test('goes back to listening by a reset, of which the application learns nothing', () => {
    const { stack } = runScript(
      `
      0    listen
      +0   < S 0
      +0   > SA 0 ack 1
      +5   < R 1
      +0   < S 5000
      +0   > SA 0 ack 5001
    `,
      plain,
    );
    expect(stack.connectionCount).toBe(1);
  });

  test('challenges a reset, and a SYN, that may be guesses (RFC 5961 §3.2 and §4.2)', () => {
    runScript(
      `
      0     listen
      +0    < S 0
      +0    > SA 0 ack 1
      +1    < R 2
      +0    > A 1 ack 1 win 65535
      +500  < R 70000
      +0    < S 1
      +0    > A 1 ack 1
      +498  < S 70000
      1000  > SA 0 ack 1
      1001  < S 70000
      1001  > A 1 ack 1
    `,
      plain,
    );
  });

  test('resets who acknowledges something else (RFC 9293 §3.10.7.4, fifth)', () => {
    runScript(
      `
      0    listen
      +0   < S 0
      +0   > SA 0 ack 1
      +5   < A 1 ack 2
      +0   > R 2
      +0   < A 1 ack 0
      +0   > R 0
      +0   < A 1 ack 1
      +0   = ESTABLISHED
    `,
      plain,
    );
  });

  test('corrects what lies outside the window or is old, and drops what acknowledges nothing', () => {
    runScript(
      `
      0     listen
      +0    < S 0 <ts 700 0>
      +0    > SA 0 ack 1
      +5    < A 65536 ack 1 <ts 700 0>
      +0    > A 1 ack 1 <ts 5 700>
      +100  < A 1 ack 1 <ts 699 0>
      +0    > A 1 ack 1 <ts 105 700>
      +99   < A 1 ack 1 <ts 699 0>
      +0    < - 1 <ts 700 0>
      +0    = none
      +0    < A 65535 ack 1 <ts 700 0>
      +0    = ESTABLISHED
    `,
      { sack: false, ecn: false },
    );
  });

  test('is given up after the connect timeout', () => {
    const { stack } = runScript(
      `
      0      listen
      +0     < S 0
      +0     > SA 0 ack 1
      1000   > SA 0 ack 1
      2999   = none
      `,
      { ...plain, connectTimeout: 3_000 },
    );
    expect(stack.connectionCount).toBe(1);
    stack.handleTimeout(8_000);
    expect(stack.connectionCount).toBe(0);
  });
});

import { describe, test } from 'vitest';
import { runScript } from './support/script.js';

const options = { timestamps: false, sack: false };

describe('explicit congestion notification (RFC 3168)', () => {
  test('is offered with the first SYN only, since there are boxes that drop it (§6.1.1.1)', () => {
    runScript(
      `
      0    connect
      0    > SEC 0
      1000 > S 0
      +10  < SAE 0 ack 1
      +0   > A 1 ack 1
      +0   write 10
      +0   > PA 1:11 ack 1
    `,
      options,
    );
  });

  test('marks new data as capable, but no acknowledgment, probe or retransmission (§6.1.4, §6.1.5)', () => {
    runScript(
      `
      0    connect
      0    > SEC 0
      10   < SAE 0 ack 1 <mss 1000>
      +0   > A 1 ack 1
      +0   write 10
      +0   > PA 1:11 ack 1 ect
      210  > PA 1:11 ack 1
    `,
      options,
    );
  });

  test.each(['SA', 'SAEC'])('is not used after %s (§6.1.1)', (answer) => {
    runScript(
      `
      0    connect
      0    > SEC 0
      10   < ${answer} 0 ack 1 <mss 1000>
      +0   > A 1 ack 1
      +0   write 10
      +0   > PA 1:11 ack 1
      +1   < A 1 ack 11 ce
      +0   < A 1:11 ack 11 ce
      +0   > A 11 ack 11
    `,
      options,
    );
  });

  test('is answered where it is offered, and is not where it is switched off', () => {
    runScript('0 listen\n0 < SEC 0\n0 > SAE 0 ack 1', options);
    runScript('0 listen\n0 < SEC 0\n0 > SA 0 ack 1', { ...options, ecn: false });
    runScript('0 listen\n0 < SE 0\n0 > SA 0 ack 1', options);
  });

  test('is not used when the SYN comes again without it', () => {
    runScript(
      `
      0    listen
      0    < SEC 0
      0    > SAE 0 ack 1
      500  < S 0
      +0   > SA 0 ack 1
    `,
      options,
    );
  });

  test('echoes a mark until the other side has reduced its window (§6.1.3)', () => {
    runScript(
      `
      0    listen
      0    < SEC 0
      0    > SAE 0 ack 1
      10   < A 1 ack 1
      +0   < A 1:11 ack 1 ect
      +0   > A 1 ack 11
      +0   < A 11:21 ack 1 ce
      +0   > AE 1 ack 21
      +0   < A 21:31 ack 1 ect
      +0   > AE 1 ack 31
      +0   write 5
      +0   > PAE 1:6 ack 31 ect
      +0   < AC 31:41 ack 6 ect
      +0   > A 6 ack 41
      +0   < AC 41:51 ack 6 ce
      +0   > AE 6 ack 51
    `,
      options,
    );
  });

  test('reduces the window once for an echo, and says so with the next new data (§6.1.2)', () => {
    runScript(
      `
      0    connect
      0    > SEC 0
      10   < SAE 0 ack 1 <mss 1000>
      +0   > A 1 ack 1
      +0   write 10
      +0   > PA 1:11 ack 1 ect
      +10  < AE 1 ack 11
      +0   write 10
      +0   > PAC 11:21 ack 1 ect
      +10  < A 1 ack 21
      +0   write 10
      +0   > PA 21:31 ack 1 ect
    `,
      options,
    );
  });
});

import { describe, expect, test } from 'vitest';
import { OPEN, plain } from './support/connections.js';
import { runScript } from './support/script.js';

describe('window scale (RFC 7323 §2)', () => {
  test.each([
    [65_535, 0],
    [65_536, 1],
    [1_048_576, 5],
    [2 ** 30, 14],
    [2 ** 40, 14],
  ])('offers for a buffer of %i bytes the shift %i', (receiveBuffer, scale) => {
    runScript(`0 connect\n0 > S 0 win 65535 <mss 1220, scale ${scale}>`, {
      ...plain,
      receiveBuffer,
    });
  });

  test('is not applied in a SYN, and a shift above 14 counts as 14 (§2.2, §2.3)', () => {
    runScript(
      `
      0    connect
      0    > S 0 win 65535 <mss 1220, scale 7>
      10   < SA 0 ack 1 win 1000 <mss 1000, scale 15>
      +0   > A 1 ack 1 win 2048
      +0   write 3000
      +0   > A 1:1001 ack 1
      +10  < A 1 ack 1001 win 1
      +0   > A 1001:2001 ack 1
      +0   > PA 2001:3001 ack 1
    `,
      plain,
    );
  });

  test('is used by neither side where one does not offer it', () => {
    runScript(
      `
      0    listen
      0    < S 0 win 65535
      0    > SA 0 ack 1 win 65535 <mss 1220>
      10   < A 1 ack 1
      +0   < PA 1:101 ack 1
      +0   > A 1 ack 101 win 65435
    `,
      plain,
    );
  });
});

describe('a window of the other side that is closed', () => {
  test('is probed after the retransmission timeout, then at twice the time (RFC 9293 §3.8.6.1)', () => {
    runScript(
      `${OPEN}
      +0    < A 1 ack 1 win 0
      +0    write 100
      +200  > A 0 ack 1
      +1    < A 1 ack 1 win 0
      +399  > A 0 ack 1
      +1    < A 1 ack 1 win 0
      1410  > A 0 ack 1
      3010  > A 0 ack 1
      3011  < A 1 ack 1 win 100
      3011  > PA 1:101 ack 1
    `,
      plain,
    );
  });

  test('does not end the connection as long as probes are answered (MUST-37)', () => {
    let at = 210;
    let script = `${OPEN}\n+0 < A 1 ack 1 win 0\n+0 write 100\n`;
    for (let wait = 400; at < 600_000; at += wait, wait = Math.min(2 * wait, 60_000)) {
      script += `${at} > A 0 ack 1\n${at} < A 1 ack 1 win 0\n`;
    }
    runScript(`${script}+0 = ESTABLISHED`, plain);
  });

  test('ends it after the user timeout when probes are not answered', () => {
    runScript(
      `${OPEN}
      +0    < A 1 ack 1 win 0
      +0    write 100
      210   > A 0 ack 1
      610   > A 0 ack 1
      1210  > RA 1 ack 1
      +0    = CLOSED ETIMEDOUT
    `,
      { ...plain, userTimeout: 1_000 },
    );
  });

  test('takes the acknowledgment of a segment, and the FIN, but no data', () => {
    runScript(
      `${OPEN}
      +0    write 10
      +0    > PA 1:11 ack 1
      +0    < PA 1:1001 ack 1 win 10000
      +0    > A 11 ack 1001 win 0
      +0    < A 1001:1002 ack 11 win 10000
      +0    > A 11 ack 1001 win 0
      +0    < FA 1001 ack 11
      +0    > A 11 ack 1002 win 0
      +0    = CLOSE-WAIT
      +0    read 1000
      +0    end
      +0    > FA 11 ack 1002 win 1000
    `,
      { ...plain, receiveBuffer: 1_000 },
    );
  });
});

describe('silly windows', () => {
  test('are not offered: the edge moves by a segment, or half the buffer (RFC 9293 §3.8.6.2.2)', () => {
    runScript(
      `${OPEN}
      +0    < A 1:1001 ack 1
      +0    > A 1 ack 1001 win 2000
      +0    < A 1001:2001 ack 1
      +0    > A 1 ack 2001 win 1000
      +0    < A 2001:3001 ack 1
      +0    > A 1 ack 3001 win 0
      +0    read 999
      +10   < A 3000 ack 1
      +0    > A 1 ack 3001 win 0
      +0    read 1
      +200  < A 3000 ack 1
      +0    > A 1 ack 3001 win 1000
    `,
      { ...plain, receiveBuffer: 3_000 },
    );
  });

  test('open again without being asked when the reader has made room', () => {
    runScript(
      `${OPEN}
      +0    < A 1:1001 ack 1
      +0    > A 1 ack 1001 win 1000
      +0    < A 1001:2001 ack 1
      +0    > A 1 ack 2001 win 0
      +0    read 999
      +0    read 1
      +0    > A 1 ack 2001 win 1000
    `,
      { ...plain, receiveBuffer: 2_000 },
    );
  });

  test('are not filled: what is small waits for a larger window (RFC 9293 §3.8.6.2.1)', () => {
    runScript(
      `${OPEN}
      +0    < A 1 ack 1 win 900
      +0    write 3000
      +200  > A 1:901 ack 1
      +10   < A 1 ack 901 win 1000
      +0    > A 901:1901 ack 1
    `,
      plain,
    );
  });

  test('are never taken back by this side: the right edge stays (RFC 7323 §2.4)', () => {
    runScript(
      `${OPEN}
      +0    < A 1:101 ack 1
      +0    > A 1 ack 101 win 2900
      +0    < A 101:102 ack 1
      +0    > A 1 ack 102 win 2899
      +0    read 101
      +0    < A 102:103 ack 1
      +0    > A 1 ack 103 win 2898
    `,
      { ...plain, receiveBuffer: 3_000 },
    );
  });

  test('wait for acknowledgments of what is under way (Nagle, RFC 9293 §3.7.4)', () => {
    runScript(
      `${OPEN}
      +0    write 10
      +0    > PA 1:11 ack 1
      +0    write 10
      +0    write 10
      +10   < A 1 ack 11 win 10000
      +0    > PA 11:31 ack 1
      +0    nodelay
      +0    write 10
      +0    > PA 31:41 ack 1
    `,
      plain,
    );
  });
});

describe('the receive window', () => {
  test('grows with a reader that keeps up, to its bound and not beyond', () => {
    const scripted = runScript(
      `
      0    listen
      0    < S 0 <mss 1000, scale 0>
      0    > SA 0 ack 1
      10   < A 1 ack 1
      10   = ESTABLISHED
    `,
      { ...plain, receiveBuffer: 1_048_576 },
    );
    let next = 1;
    let largest = 0;
    for (let round = 0; round < 14; round++) {
      scripted.advance(10 * (round + 2));
      const begin = scripted.log.length;
      for (let piece = 0; piece < 600; piece++, next += 1_000) {
        scripted.inject(`A ${next}:${next + 1_000} ack 1`);
        scripted.command('read 1000');
      }
      for (const entry of scripted.log.slice(begin)) {
        if ('fields' in entry) largest = Math.max(largest, entry.fields.win! << 5);
      }
    }
    expect(largest).toBeGreaterThan(1_000_000);
    expect(largest).toBeLessThanOrEqual(1_048_576);
  });

  test('stays small for a reader that does not read', () => {
    const scripted = runScript(OPEN, { ...plain, receiveBuffer: 1_048_576 });
    for (let next = 1; next < 200_000; next += 1_000) {
      scripted.advance(next);
      scripted.inject(`A ${next}:${next + 1_000} ack 1`);
    }
    expect(scripted.connection!.readable).toBe(65_535);
  });
});

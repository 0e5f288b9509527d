import { describe, test } from 'vitest';
import { OPEN, plain } from './support/connections.js';
import { runScript } from './support/script.js';

describe('keep-alive (RFC 9293 §3.8.4)', () => {
  test('is off unless the application asks for it', () => {
    runScript(`${OPEN}\n10000000 = ESTABLISHED`, plain);
  });

  test('probes an idle connection, and ends one that does not answer', () => {
    runScript(
      `${OPEN}
      +0     keepalive 10000 1000 3
      +10000 > A 0 ack 1
      +1000  > A 0 ack 1
      +1000  > A 0 ack 1
      +999   = ESTABLISHED
      +1     > RA 1 ack 1
      +0     = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });

  test('begins anew with each segment, in either direction', () => {
    runScript(
      `${OPEN}
      +0     keepalive 10000 1000 3
      +10000 > A 0 ack 1
      +1     < A 1 ack 1
      +9000  < PA 1:11 ack 1
      +0     > A 1 ack 11
      +9000  write 1
      +0     > PA 1:2 ack 11
      +1     < A 11 ack 2
      +10000 > A 1 ack 11
      +1000  > A 1 ack 11
    `,
      plain,
    );
  });

  test('is not put off by segments that are not acceptable', () => {
    runScript(
      `${OPEN}
      +0    keepalive 1000 100 2
      510   < A 70000 ack 1
      +0    > A 1 ack 1
      +300  < R 2
      +0    > A 1 ack 1
      +100  < A 1 ack 5
      1010  > A 0 ack 1
      1050  < S 7
      1110  > A 0 ack 1
      1210  > RA 1 ack 1
      +0    = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });

  test('can be set before the connection is open, and taken back', () => {
    runScript(
      `
      0      connect
      0      > S 0
      0      keepalive 5000 1000 3
      +10    < SA 0 ack 1
      +0     > A 1 ack 1
      +5000  > A 0 ack 1
      +0     keepalive 0 0 0
      +90000 = ESTABLISHED
    `,
      plain,
    );
  });
});

describe('the user timeout (RFC 9293 §3.8.3)', () => {
  test('ends a connection whose data is not acknowledged', () => {
    runScript(
      `${OPEN}
      +0    user-timeout 3000
      +0    write 10
      +0    > PA 1:11 ack 1
      210   > PA 1:11 ack 1
      610   > PA 1:11 ack 1
      1410  > PA 1:11 ack 1
      3010  > PA 1:11 ack 1
      3209  = ESTABLISHED
      3210  > RA 11 ack 1
      +0    = CLOSED ETIMEDOUT
    `,
      plain,
    );
  });

  test('does not count while nothing is sent', () => {
    runScript(`${OPEN}\n+0 user-timeout 1000\n100000 = ESTABLISHED`, plain);
  });

  test('of the handshake is the shorter one of both', () => {
    runScript(
      `
      0     connect
      0     > S 0
      0     user-timeout 900
      900   = CLOSED ETIMEDOUT
    `,
      plain,
    );
    runScript(
      `
      0     connect
      0     > S 0
      0     user-timeout 100000
      900   = CLOSED ETIMEDOUT
    `,
      { ...plain, connectTimeout: 900 },
    );
  });
});

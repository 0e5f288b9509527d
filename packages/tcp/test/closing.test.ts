import { describe, expect, test } from 'vitest';
import { OPEN, plain } from './support/connections.js';
import { runScript } from './support/script.js';

describe('the end of a connection', () => {
  test('by this side first passes through TIME-WAIT (RFC 9293 §3.6, figure 12)', () => {
    const { stack } = runScript(
      `${OPEN}
      +0     end
      +0     > FA 1 ack 1
      +0     = FIN-WAIT-1
      +10    < A 1 ack 2
      +0     = FIN-WAIT-2
      +10    < FA 1 ack 2
      +0     > A 2 ack 2
      +0     = TIME-WAIT
      +59999 = TIME-WAIT
      +1     = CLOSED
    `,
      plain,
    );
    expect(stack.connectionCount).toBe(0);
    expect(stack.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('by the other side first needs no TIME-WAIT', () => {
    runScript(
      `${OPEN}
      +0   < FA 1 ack 1
      +0   > A 1 ack 2
      +0   = CLOSE-WAIT
      +10  end
      +0   > FA 1 ack 2
      +0   = LAST-ACK
      +10  < A 2 ack 2
      +0   = CLOSED
    `,
      plain,
    );
  });

  test('is reported once, when nothing more can pass', () => {
    runScript(
      `
      0    listen
      0    < S 0
      0    > SA 0 ack 1
      0    < A 1 ack 1
      +0   ! accepted
      +0   end
      +0   > FA 1 ack 1
      +10  < FA 1 ack 2
      +0   ! readable
      +0   ! closed
      +0   > A 2 ack 2
      +0   = TIME-WAIT
      60010 = CLOSED
    `,
      plain,
    );
  });

  test('may come from both sides at once (figure 13)', () => {
    runScript(
      `${OPEN}
      +0   end
      +0   > FA 1 ack 1
      +5   < FA 1 ack 1
      +0   > A 2 ack 2
      +0   = CLOSING
      +5   < A 2 ack 2
      +0   = TIME-WAIT
    `,
      plain,
    );
  });

  test('acknowledges the last data and both FINs in one segment', () => {
    runScript(
      `${OPEN}
      +0   end
      +0   > FA 1 ack 1
      +5   < FA 1:11 ack 2
      +0   > A 2 ack 12
      +0   = TIME-WAIT
      +0   read 10
    `,
      plain,
    );
  });

  test('carries a FIN with the last data, and sends it again when it is lost', () => {
    runScript(
      `${OPEN}
      +0   write 100
      +0   > PA 1:101 ack 1
      +10  < A 1 ack 101 win 10000
      +0   write 50
      +0   > PA 101:151 ack 1
      +0   end
      +0   > FA 151 ack 1
      +10  < A 1 ack 151 win 10000
    `,
      plain,
    );
  });
});

describe('a half-closed connection', () => {
  test('still receives after its own FIN', () => {
    runScript(
      `${OPEN}
      +0   end
      +0   > FA 1 ack 1
      +5   < A 1 ack 2
      +5   < PA 1:101 ack 2
      +0   > A 2 ack 101
      +0   read 100
      +5   < PA 101:201 ack 2
      +0   > A 2 ack 201
      +0   read 100
      +5   < FA 201 ack 2
      +0   > A 2 ack 202
      +0   = TIME-WAIT
    `,
      plain,
    );
  });

  test('still sends after the FIN of the other side', () => {
    runScript(
      `${OPEN}
      +0   < FA 1 ack 1
      +0   > A 1 ack 2
      +5   write 100
      +0   > PA 1:101 ack 2
      +5   < A 2 ack 101 win 10000
      +5   write 100
      +0   > PA 101:201 ack 2
      +0   end
      +0   > FA 201 ack 2
      +5   < A 2 ack 202
      +0   = CLOSED
    `,
      plain,
    );
  });

  test('takes nothing behind the FIN, whoever sends it (RFC 9293 §3.10.7.4, seventh)', () => {
    runScript(
      `${OPEN}
      +0   < FA 1:11 ack 1
      +0   > A 1 ack 12
      +5   < PA 12:20 ack 1
      +0   > A 1 ack 12
      +0   < FA 11 ack 1
      +0   > A 1 ack 12
      +0   = CLOSE-WAIT
      +0   read 10
      +0   read 0
    `,
      plain,
    );
  });

  test('writes nothing after its own FIN', () => {
    runScript(
      `${OPEN}
      +0   end
      +0   > FA 1 ack 1
      +0   write 0
    `,
      plain,
    );
  });
});

/** Both sides have ended 20 ms after the begin. */
const TIME_WAIT = `${OPEN}
  +0   end
  +0   > FA 1 ack 1
  +10  < FA 1 ack 2
  +0   > A 2 ack 2
`;

describe('TIME-WAIT', () => {
  test('acknowledges the FIN that comes again, and begins anew (RFC 9293 §3.10.7.4, eighth)', () => {
    runScript(
      `${TIME_WAIT}
      +50000 < FA 1 ack 2
      +0     > A 2 ack 2
      +59999 = TIME-WAIT
      +1     = CLOSED
    `,
      plain,
    );
  });

  test('is not ended by a reset (RFC 1337 §3)', () => {
    runScript(
      `${TIME_WAIT}
      +5     < R 2
      +0     < RA 2 ack 2
      +0     = TIME-WAIT
    `,
      plain,
    );
  });

  test('answers data, but does not begin anew for it', () => {
    runScript(
      `${TIME_WAIT}
      +50000 < PA 2:10 ack 2
      +0     > A 2 ack 2
      +0     < A 2 ack 2
      60020  = CLOSED
    `,
      plain,
    );
  });
});

describe('close', () => {
  test('resets when data was not read (RFC 9293 §3.6.1)', () => {
    runScript(
      `${OPEN}
      +0   < PA 1:11 ack 1
      +0   > A 1 ack 11
      +0   read 9
      +0   close
      +0   > RA 1 ack 11
      +0   = CLOSED ECONNABORTED
    `,
      plain,
    );
  });

  test('resets when data comes later', () => {
    runScript(
      `${OPEN}
      +0   close
      +0   > FA 1 ack 1
      +0   = FIN-WAIT-1
      +5   < A 1 ack 2
      +5   < PA 1:11 ack 2
      +0   > RA 2 ack 1
      +0   = CLOSED ECONNABORTED
    `,
      plain,
    );
  });

  test('ends in the usual way when nothing comes but the FIN', () => {
    runScript(
      `${OPEN}
      +0   write 100
      +0   > PA 1:101 ack 1
      +0   close
      +0   > FA 101 ack 1
      +5   < A 1 ack 102
      +5   < FA 1 ack 102
      +0   > A 102 ack 2
      +0   = TIME-WAIT
    `,
      plain,
    );
  });

  test('does not wait for ever in FIN-WAIT-2', () => {
    runScript(
      `${OPEN}
      +0   close
      +0   > FA 1 ack 1
      +5   < A 1 ack 2
      60014 = FIN-WAIT-2
      60015 = CLOSED
    `,
      plain,
    );
    runScript(
      `${OPEN}
      +0   end
      +0   > FA 1 ack 1
      +5   < A 1 ack 2
      70000 = FIN-WAIT-2
      +0    close
      +59999 = FIN-WAIT-2
      +1    = CLOSED
    `,
      plain,
    );
  });

  test('gives data up that the other side takes no part of, though it answers (RFC 6429 §6)', () => {
    runScript(
      `${OPEN}
      +0   < A 1 ack 1 win 0
      +0   write 100
      +0   close
      +0   = FIN-WAIT-1
      +200 > A 0 ack 1
      +1   < A 1 ack 1 win 0
      610  > A 0 ack 1
      +1   < A 1 ack 1 win 0
      1010 > RA 1 ack 1
      +0   = CLOSED ETIMEDOUT
    `,
      { ...plain, userTimeout: 1_000 },
    );
  });
});

describe('abort', () => {
  test.each([
    ['ESTABLISHED', '', 'RA 1 ack 1'],
    ['FIN-WAIT-1', '+0 end\n+0 > FA 1 ack 1\n', 'RA 2 ack 1'],
    ['FIN-WAIT-2', '+0 end\n+0 > FA 1 ack 1\n+0 < A 1 ack 2\n', 'RA 2 ack 1'],
    ['CLOSE-WAIT', '+0 < FA 1 ack 1\n+0 > A 1 ack 2\n', 'RA 1 ack 2'],
    ['CLOSING', '+0 end\n+0 > FA 1 ack 1\n+0 < FA 1 ack 1\n+0 > A 2 ack 2\n', 'RA 2 ack 2'],
    ['LAST-ACK', '+0 < FA 1 ack 1\n+0 > A 1 ack 2\n+0 end\n+0 > FA 1 ack 2\n', 'RA 2 ack 2'],
  ])('in %s sends a reset (RFC 9293 §3.10.5)', (state, before, reset) => {
    runScript(
      `${OPEN}${before}
      +0   = ${state}
      +0   abort
      +0   > ${reset}
      +0   = CLOSED ECONNABORTED
    `,
      plain,
    );
  });

  test('in TIME-WAIT forgets the connection in silence', () => {
    const { stack } = runScript(`${TIME_WAIT}\n+5 abort\n+0 = CLOSED`, plain);
    expect(stack.connectionCount).toBe(0);
  });
});

describe('a reset', () => {
  test.each([
    ['ESTABLISHED', '', 'R 1', 'CLOSED ECONNRESET'],
    ['FIN-WAIT-1', '+0 end\n+0 > FA 1 ack 1\n', 'R 1', 'CLOSED ECONNRESET'],
    ['FIN-WAIT-2', '+0 end\n+0 > FA 1 ack 1\n+0 < A 1 ack 2\n', 'R 1', 'CLOSED ECONNRESET'],
    ['CLOSE-WAIT', '+0 < FA 1 ack 1\n+0 > A 1 ack 2\n', 'R 2', 'CLOSED ECONNRESET'],
    ['CLOSING', '+0 end\n+0 > FA 1 ack 1\n+0 < FA 1 ack 1\n+0 > A 2 ack 2\n', 'R 2', 'CLOSED'],
    ['LAST-ACK', '+0 < FA 1 ack 1\n+0 > A 1 ack 2\n+0 end\n+0 > FA 1 ack 2\n', 'R 2', 'CLOSED'],
    [
      'LAST-ACK',
      '+0 < FA 1 ack 1\n+0 > A 1 ack 2\n+0 write 1\n+0 > PA 1:2 ack 2\n+0 end\n+0 > FA 2 ack 2\n',
      'R 2',
      'CLOSED ECONNRESET',
    ],
  ])('in %s after %j ends it (RFC 9293 §3.10.7.4, second)', (state, before, reset, end) => {
    runScript(
      `${OPEN}${before}
      +0   = ${state}
      +0   < ${reset}
      +0   = ${end}
    `,
      plain,
    );
  });

  test('leaves what arrived before it to be read, and nothing is sent for that', () => {
    runScript(
      `${OPEN}
      +0   < PA 1:1001 ack 1
      +0   > A 1 ack 1001
      +0   < R 1001
      +0   = CLOSED ECONNRESET
      +0   read 1000
    `,
      { ...plain, receiveBuffer: 1_000 },
    );
  });
});

import { parseIPv6 } from '@6bed4/codec';
import { buildIcmpError } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { OPEN, plain } from './support/connections.js';
import { runScript, ScriptedStack, US } from './support/script.js';

describe('an ICMPv6 error', () => {
  test.each([
    ['unreachable 0', 'ENETUNREACH'],
    ['unreachable 1', 'EACCES'],
    ['unreachable 2', 'ENETUNREACH'],
    ['unreachable 3', 'EHOSTUNREACH'],
    ['unreachable 4', 'ECONNREFUSED'],
    ['unreachable 5', 'EACCES'],
    ['unreachable 6', 'EACCES'],
    ['problem 1', 'ECONNREFUSED'],
  ])('%s ends an attempt to connect with %s (RFC 5461 §4.1)', (error, code) => {
    runScript(`0 connect\n0 > S 0\n5 ${error} 0\n+0 ! closed\n+0 = CLOSED ${code}`, plain);
  });

  test.each(['exceeded 0', 'problem 0'])(
    '%s does not, but is told when nothing else comes',
    (error) => {
      runScript(
        `0 connect\n0 > S 0\n5 ${error} 0\n+0 = SYN-SENT\n900 = CLOSED ${error === 'exceeded 0' ? 'EHOSTUNREACH' : 'ECONNREFUSED'}`,
        { ...plain, connectTimeout: 900 },
      );
    },
  );

  test('ends an attempt of the other side', () => {
    const { stack } = runScript('0 listen\n0 < S 0\n0 > SA 0 ack 1\n5 unreachable 3 0', plain);
    expect(stack.connectionCount).toBe(0);
  });

  test('about what is not under way is ignored (RFC 5927 §4.1)', () => {
    runScript('0 connect\n0 > S 0\n5 unreachable 4 1\n+0 unreachable 4 -1\n+0 = SYN-SENT', plain);
    const quoted = runScript(
      `${OPEN}
      +0    write 10
      +0    > PA 1:11 ack 1
      +0    unreachable 3 0
      +0    unreachable 3 11
      +0    user-timeout 500
      210   > PA 1:11 ack 1
      610   > PA 1:11 ack 1
      710   > RA 11 ack 1
      +0    = CLOSED ETIMEDOUT
    `,
      plain,
    );
    expect(quoted.stack.counters.icmpErrors).toBe(2);
  });

  test('never ends an open connection, and is told when it is given up (RFC 5927 §5.2)', () => {
    runScript(
      `${OPEN}
      +0    write 10
      +0    > PA 1:11 ack 1
      +0    unreachable 4 1
      +0    = ESTABLISHED
      +0    unreachable 3 10
      +0    user-timeout 500
      210   > PA 1:11 ack 1
      610   > PA 1:11 ack 1
      710   > RA 11 ack 1
      +0    = CLOSED EHOSTUNREACH
    `,
      plain,
    );
  });

  test('about no connection, no segment, or with a wrong checksum is ignored', () => {
    const scripted = new ScriptedStack(plain);
    scripted.command('connect');
    const base = { type: 'destination-unreachable', code: 4 } as const;
    const addresses = { source: parseIPv6('fc64::9'), destination: US.address };
    const invoking = new Uint8Array(48);
    for (const length of [0, 39, 47, 48]) {
      const packet = buildIcmpError({ ...base, ...addresses, invoking: invoking.slice(0, length) });
      scripted.stack.handleIcmpError(packet, 0, packet.length, scripted.now);
    }
    scripted.report(base, 0);
    expect(scripted.state).toBe('CLOSED ECONNREFUSED');
    expect(scripted.stack.counters.icmpErrors).toBe(1);
    scripted.report(base, 0);
    expect(scripted.stack.counters.icmpErrors).toBe(1);
  });
});

describe('Packet Too Big', () => {
  const options = { ...plain, mtu: 1_500 };

  test('sends what was too big again in smaller segments at once (RFC 9293 §3.7.5)', () => {
    runScript(
      `
      0    listen
      0    < S 0 win 10000 <mss 1440>
      0    > SA 0 ack 1 <mss 1440>
      10   < A 1 ack 1 win 10000
      +0   write 2000
      +0   > A 1:1441 ack 1
      +1   too-big 1300 1
      +0   > A 1:1241 ack 1
      +0   > A 1241:1441 ack 1
      +10  < A 1 ack 1441 win 10000
      +0   > PA 1441:2001 ack 1
      +10  < A 1 ack 2001 win 10000
      +0   write 2000
      +0   > A 2001:3241 ack 1
    `,
      options,
    );
  });

  test('below 1280, above the present size, or about other segments changes nothing (RFC 8201 §4)', () => {
    runScript(
      `
      0    listen
      0    < S 0 win 10000 <mss 1440>
      0    > SA 0 ack 1
      10   < A 1 ack 1 win 10000
      +0   write 1440
      +0   > PA 1:1441 ack 1
      +1   too-big 1279 1
      +0   too-big 0 1
      +0   too-big 1500 1
      +0   too-big 1300 0
      +0   too-big 1300 1441
      +10  < A 1 ack 1441 win 10000
      +0   write 1440
      +0   > PA 1441:2881 ack 1
    `,
      options,
    );
  });

  test('is forgotten ten minutes later, since the path may be another one (RFC 8201 §4)', () => {
    runScript(
      `
      0      listen
      0      < S 0 win 10000 <mss 1440>
      0      > SA 0 ack 1
      10     < A 1 ack 1 win 10000
      +0     nodelay
      +0     write 1440
      +0     > PA 1:1441 ack 1
      20     too-big 1400 1
      +0     > A 1:1341 ack 1
      +0     > PA 1341:1441 ack 1
      +1     < A 1 ack 1441 win 10000
      1000   write 1340
      +0     > PA 1441:2781 ack 1
      1001   too-big 1300 1441
      +0     > A 1441:2681 ack 1
      +0     > PA 2681:2781 ack 1
      +10    < A 1 ack 2781 win 10000
      601000 write 1440
      +0     > A 2781:4021 ack 1
      +0     > PA 4021:4221 ack 1
      601001 < A 1 ack 4221 win 10000
      +0     write 1440
      +0     > PA 4221:5661 ack 1
      +1     too-big 1300 4221
      +0     > A 4221:5461 ack 1
      +0     > PA 5461:5661 ack 1
      +1     < A 1 ack 5661 win 10000
      901000 write 1440
      +0     > A 5661:6901 ack 1
      +0     > PA 6901:7101 ack 1
    `,
      options,
    );
  });

  test('leaves room for timestamps', () => {
    runScript(
      `
      0    listen
      0    < S 0 win 10000 <mss 1440, ts 1 0>
      0    > SA 0 ack 1
      10   < A 1 ack 1 win 10000 <ts 1 0>
      +0   write 1428
      +0   > PA 1:1429 ack 1
      +1   too-big 1280 1
      +0   > A 1:1209 ack 1
      +0   > PA 1209:1429 ack 1
    `,
      { sack: false, ecn: false, mtu: 1_500 },
    );
  });
});

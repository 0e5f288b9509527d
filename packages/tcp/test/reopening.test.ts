import { describe, expect, test } from 'vitest';
import { plain } from './support/connections.js';
import { runScript } from './support/script.js';

/** In TIME-WAIT; the last number is 2, the last timestamp 1020. */
const withTimestamps = `
  0    listen
  0    < S 0 win 10000 <mss 1000, ts 1000 0>
  0    > SA 0 ack 1
  10   < A 1 ack 1 win 10000 <ts 1010 0>
  +0   end
  +0   > FA 1 ack 1
  +10  < FA 1 ack 2 <ts 1020 0>
  +0   > A 2 ack 2
  +0   = TIME-WAIT
`;
const without = withTimestamps
  .replaceAll(/,? *<?ts \d+ 0>/g, '')
  .replace('<mss 1000', '<mss 1000>');

describe('a connection in TIME-WAIT is opened anew (RFC 6191 §2)', () => {
  test.each([
    ['a later timestamp, whatever its number', withTimestamps, '< S -5000 <ts 1021 0>', -4999],
    ['the same timestamp and a later number', withTimestamps, '< S 3 <ts 1020 0>', 4],
    ['no timestamp, and a later number', withTimestamps, '< S 3', 4],
    ['a later number, where there were no timestamps', without, '< S 3', 4],
  ])('by a SYN with %s', (_, before, syn, ack) => {
    const { stack } = runScript(
      `${before}
      +100 ${syn}
      +0   > SA 0 ack ${ack}
    `,
      { sack: false, ecn: false },
    );
    expect(stack.connectionCount).toBe(1);
  });

  test.each([
    ['an earlier timestamp', withTimestamps, '< S 50000 <ts 1019 0>'],
    ['the same timestamp, and no later number', withTimestamps, '< S 2 <ts 1020 0>'],
    ['no later number', without, '< S 2'],
  ])('but not by a SYN with %s, which is challenged', (_, before, syn) => {
    runScript(
      `${before}
      +100 ${syn}
      +0   > A 2 ack 2
      +0   = TIME-WAIT
    `,
      { sack: false, ecn: false },
    );
  });

  test('with a number of ours behind all that were used (RFC 9293 §3.6.1)', () => {
    const scripted = runScript(without, plain);
    const { ours } = scripted.bases;
    scripted.inject('S 3');
    expect((scripted.bases.ours - ours) | 0).toBeGreaterThan(65_536);
  });

  test('only where somebody listens', () => {
    runScript(
      `
      0    connect
      0    > S 0
      10   < SA 0 ack 1
      +0   > A 1 ack 1
      +0   end
      +0   > FA 1 ack 1
      +10  < FA 1 ack 2
      +0   > A 2 ack 2
      +0   < S 100
      +0   > A 2 ack 2
      +0   = TIME-WAIT
    `,
      plain,
    );
  });
});

import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { RandomLimit } from '../src/stack/randomLimit.js';
import { OPEN, plain } from './support/connections.js';
import { runScript, ScriptedStack } from './support/script.js';

describe('who cannot see a connection', () => {
  test('resets it only by the number of exactly the next byte (RFC 5961 §3.2)', () => {
    runScript(
      `${OPEN}
      +0   < R 0
      +0   < R 65536
      +0   < R 2
      +0   > A 1 ack 1
      +0   = ESTABLISHED
      +0   < R 1
      +0   = CLOSED ECONNRESET
    `,
      plain,
    );
  });

  test('cannot end it by a SYN, wherever that lies (RFC 5961 §4.2)', () => {
    runScript(
      `${OPEN}
      +0    < S 0
      +0    > A 1 ack 1
      +500  < S 1
      +0    > A 1 ack 1
      +500  < S 100000000
      +0    > A 1 ack 1
      +500  < SA 1 ack 1
      +0    > A 1 ack 1
      +0    = ESTABLISHED
    `,
      plain,
    );
  });

  test('cannot insert data with an acknowledgment that is not near (RFC 5961 §5.2)', () => {
    runScript(
      `${OPEN}
      +0    < PA 1:11 ack 2
      +0    > A 1 ack 1
      +500  < PA 1:11 ack -10000
      +0    > A 1 ack 1
      +500  < PA 1:11 ack -9999
      +0    > A 1 ack 11
      +0    read 10
    `,
      plain,
    );
  });

  test('gets few answers: one in half a second', () => {
    runScript(
      `${OPEN}
      +0    < R 2
      +0    > A 1 ack 1
      +0    < R 2
      +0    < S 5
      +0    < A 1 ack 5
      +499  < R 2
      +1    < R 2
      +0    > A 1 ack 1
    `,
      plain,
    );
  });

  test('cannot begin an endless exchange of acknowledgments', () => {
    runScript(
      `${OPEN}
      +0    < A 0 ack 1
      +0    > A 1 ack 1
      +0    < A 70000 ack 1
      +99   < A 0 ack 1
      +1    < A 0 ack 1
      +0    > A 1 ack 1
    `,
      plain,
    );
  });
});

describe('the answers of all connections to what may be a guess', () => {
  test('are limited, and what exceeds the limit is counted', () => {
    const scripted = new ScriptedStack(plain);
    scripted.command('listen 4000');
    for (let port = 1; port <= 2_000; port++) {
      const side = { address: Uint8Array.from({ length: 16 }, () => 0x20), port };
      scripted.inject('S 0', side);
    }
    scripted.log.length = 0;
    for (let port = 1; port <= 2_000; port++) {
      scripted.inject('R 2', { address: Uint8Array.from({ length: 16 }, () => 0x20), port });
    }
    const { challengesWithheld } = scripted.stack.counters;
    expect(scripted.log.length + challengesWithheld).toBe(2_000);
    expect(scripted.log.length).toBeLessThanOrEqual(2_250);
    expect(scripted.log.length).toBeGreaterThanOrEqual(250);
    expect(challengesWithheld).toBeGreaterThan(0);
  });

  test('cannot be counted: length and number of the periods are drawn by chance', () => {
    const limit = new RandomLimit(1_000, seededRandom(3));
    const periods: number[] = [];
    let count = 0;
    let wasAllowed = true;
    for (let now = 0; now < 60_000; now += 0.2) {
      const isAllowed = limit.take(now);
      if (isAllowed && !wasAllowed) {
        periods.push(count);
        count = 0;
      }
      if (isAllowed) count++;
      wasAllowed = isAllowed;
    }
    expect(new Set(periods).size).toBeGreaterThan(periods.length * 0.9);
    expect(Math.min(...periods)).toBeLessThan(500);
    expect(Math.max(...periods)).toBeGreaterThan(1_500);
    const mean = periods.reduce((sum, one) => sum + one, 0) / 60;
    expect(mean).toBeGreaterThan(700);
    expect(mean).toBeLessThan(1_300);
  });
});

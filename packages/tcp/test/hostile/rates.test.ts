import { TCP_ACK, TCP_CWR, TCP_ECE, TCP_SYN } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { Duel } from './duel.js';
import { sackOption } from './forge.js';

const MINUTE = 60_000;
const MEGABYTE = 1 << 20;
/** Segment size, window scale, and SACK permitted; no timestamps. */
const SYN = Uint8Array.of(2, 4, 4, 0xc4, 1, 3, 3, 7, 1, 1, 4, 2);
const SIZE = 1_220;
const INITIAL_WINDOW = 10 * SIZE;
const ECN_SETUP = TCP_SYN | TCP_ECE | TCP_CWR;
const NOTHING = new Uint8Array(0);
const controls = ['cubic', 'bbr'] as const;

const duelOf = (congestion: 'cubic' | 'bbr', syn = SYN, synFlags = TCP_SYN): Duel =>
  new Duel({ congestion, ecn: true }, true, { options: syn, flags: synFlags });

describe.each(controls)('with %s, a receiver makes the sender no faster', (congestion) => {
  test('by an acknowledgment for each byte (ACK division, RFC 3465 §1)', () => {
    const [divided, whole] = [duelOf(congestion), duelOf(congestion)];
    for (const duel of [divided, whole]) duel.pass(50);
    expect(divided.sent).toBe(whole.sent);
    for (let count = 1; count <= 4 * SIZE; count++) {
      const acknowledgment = divided.first + count;
      divided.give(divided.remote.segment({ acknowledgment, options: NOTHING }));
    }
    for (let count = SIZE; count <= 4 * SIZE; count += SIZE) {
      const acknowledgment = whole.first + count;
      whole.give(whole.remote.segment({ acknowledgment, options: NOTHING }));
    }
    for (const duel of [divided, whole]) duel.pass(50);
    expect(divided.sent).toBeLessThanOrEqual(whole.sent + SIZE);
  });

  test('by duplicates, of which each stands for a segment that has left the path', () => {
    const duel = duelOf(congestion, Uint8Array.of(2, 4, 4, 0xc4, 1, 3, 3, 7));
    duel.pass(50);
    for (let count = 0; count < 10_000; count++) {
      const acknowledgment = duel.first;
      duel.give(duel.remote.segment({ acknowledgment, options: NOTHING }));
    }
    duel.pass(50);
    expect(duel.sent).toBeLessThanOrEqual(4 * INITIAL_WINDOW);
    expect(duel.packets).toBeLessThan(100);
  });

  test('by selective acknowledgments of more and more that was not sent', () => {
    const duel = duelOf(congestion);
    duel.pass(50);
    for (let count = 1; count <= 10_000; count++) {
      const from = duel.remote.end + 1;
      const options = sackOption([from, from + count, from - 1, from + 1]);
      duel.give(duel.remote.segment({ acknowledgment: duel.first, options }));
    }
    duel.pass(50);
    // A loss probe is new data (RFC 8985 §7.3).
    expect(duel.sent).toBeLessThanOrEqual(INITIAL_WINDOW + SIZE);
    expect(duel.packets).toBeLessThan(100);
  });

  test('and no slower than a segment in a round trip by marks in all acknowledgments (RFC 3168 §6.1.2)', () => {
    const duel = duelOf(congestion, SYN, ECN_SETUP);
    for (let round = 0; round < 200; round++) {
      duel.pass(50);
      duel.give(duel.remote.segment({ flags: TCP_ACK | TCP_ECE, options: NOTHING }));
    }
    expect(duel.sent).toBeGreaterThanOrEqual(200 * SIZE);
  });
});

describe('a window that stays closed, though probes are answered', () => {
  /** Answers whatever comes for a time. */
  function hold(duel: Duel, time: number): void {
    for (const end = duel.now + time; duel.now < end; duel.pass(1_000)) {
      duel.give(duel.remote.segment({ window: 0, options: NOTHING }));
    }
  }

  test('costs a probe in a minute and the send buffer, as long as the application waits (RFC 9293 §3.8.6.1)', () => {
    const duel = new Duel({ sendBuffer: 65_536, userTimeout: 2 * MINUTE }, false, { options: SYN });
    duel.give(duel.remote.segment({ window: 0, options: NOTHING }));
    duel.write();
    hold(duel, 10 * MINUTE);
    const before = duel.packets;
    hold(duel, 60 * MINUTE);
    expect(duel.packets - before).toBeLessThanOrEqual(61);
    expect(duel.stack.memoryUsed).toBeLessThanOrEqual(2 * 65_536);
    expect(duel.connection.state).toBe('ESTABLISHED');
    duel.connection.close(duel.now);
    hold(duel, 3 * MINUTE);
    expect(duel.connection.state).toBe('CLOSED');
    expect(duel.stack.memoryUsed).toBe(0);
  });
});

describe('a sender', () => {
  test('that leaves a hole behind each byte costs the buffer, and what fills the holes is read', () => {
    const receiveBuffer = 262_144;
    const duel = new Duel({ receiveBuffer }, false, { options: SYN });
    const { remote, connection } = duel;
    const first = remote.expected;
    const data = Uint8Array.of(7);
    for (let offset = 1; offset < 60_000; offset += 2) {
      duel.give(remote.segment({ sequence: first + offset, options: NOTHING, data }));
    }
    expect(connection.readable).toBe(0);
    expect(duel.stack.memoryUsed).toBeLessThanOrEqual(receiveBuffer);
    // One answer for each, none of which says more than four ranges.
    expect(duel.packets).toBeLessThanOrEqual(30_001);
    for (let offset = 0; offset < 60_000; offset += 600) {
      const part = Uint8Array.from({ length: 600 }, () => 7);
      duel.give(remote.segment({ sequence: first + offset, options: NOTHING, data: part }));
    }
    const into = new Uint8Array(65_536);
    expect(connection.read(into, 0, into.length, duel.now)).toBe(60_000);
    expect(into.subarray(0, 60_000).every((byte) => byte === 7)).toBe(true);
  });

  test('that fills the window of each of many connections costs what the stack allows', () => {
    const maximumMemory = MEGABYTE;
    const duel = new Duel({ maximumMemory, receiveBuffer: 4 * MEGABYTE }, false, { options: SYN });
    const data = new Uint8Array(1_000);
    for (let offset = 1; offset < 8 * MEGABYTE; offset += 1_000) {
      const sequence = duel.remote.expected + offset;
      duel.give(duel.remote.segment({ sequence, options: NOTHING, data }));
    }
    expect(duel.stack.memoryUsed).toBeLessThanOrEqual(maximumMemory);
  });
});

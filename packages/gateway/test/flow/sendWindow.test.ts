import { describe, expect, test } from 'vitest';
import { QUEUE_DELAY, ReceiptPace, SendWindow } from '../../src/index.js';

/** Sends a datagram at a time and receives it at another. */
function measure(window: SendWindow, sentAt: number, receivedAt: number, count: number): void {
  window.sent(sentAt);
  expect(window.receipt(count, receivedAt)).toBe(true);
}

describe('a SendWindow', () => {
  test('lets everything pass while datagrams arrive', () => {
    const window = new SendWindow();
    for (let at = 0; at < 1000; at++) {
      expect(window.allows(at)).toBe(true);
      measure(window, at, at + 0.5, at + 1);
    }
    expect(window.unconfirmed).toBe(0);
  });

  test('stops when nothing arrives for a second longer than it may take', () => {
    const window = new SendWindow();
    measure(window, 0, 30, 1);
    expect(window.limit).toBe(60 + QUEUE_DELAY);
    window.sent(1000);
    window.sent(1100);
    expect(window.allows(2000 + window.limit)).toBe(true);
    expect(window.allows(2001 + window.limit)).toBe(false);
    // The first is confirmed: the age of the second counts.
    window.receipt(2, 2200);
    expect(window.allows(2200)).toBe(true);
  });

  test('bounds the wait at a bottleneck, whatever is offered', () => {
    const window = new SendWindow();
    // One a millisecond is carried, and takes 20 ms; four are offered.
    const arrivals: number[] = [];
    let [longest, free, confirmed] = [0, 0, 0];
    for (let at = 0; at < 5000; at += 0.25) {
      while (arrivals.length > 0 && arrivals[0]! + 20 <= at) {
        arrivals.shift();
        window.receipt(++confirmed, at);
      }
      if (!window.allows(at)) continue;
      window.sent(at);
      free = Math.max(free, at) + 1;
      arrivals.push(free + 20);
      if (at > 1000) longest = Math.max(longest, free + 20 - at);
    }
    expect(confirmed).toBeGreaterThan(4700);
    expect(longest).toBeLessThan(200);
  });

  test('has few under way before it knows how fast they arrive, and where they arrive slowly', () => {
    const window = new SendWindow();
    let sent = 0;
    while (window.allows(0)) {
      window.sent(0);
      sent++;
    }
    expect(sent).toBe(64);
    for (let count = 1; count <= 64; count++) window.receipt(count, 100 * count);
    for (sent = 0; window.allows(6401); sent++) window.sent(6401);
    expect(sent).toBe(32);
  });

  test('grows where there is room, as fast as TCP does', () => {
    const window = new SendWindow();
    const arrivals: number[] = [];
    let confirmed = 0;
    // Whatever is sent takes 20 ms.
    for (let at = 0; at < 1000; at++) {
      while (arrivals.length > 0 && arrivals[0]! <= at) {
        arrivals.shift();
        window.receipt(++confirmed, at);
      }
      for (let burst = 0; burst < 50 && window.allows(at); burst++) {
        window.sent(at);
        arrivals.push(at + 20);
      }
    }
    expect(confirmed).toBeGreaterThan(40_000);
  });

  test('has room for a flow that doubles with each round trip, as TCP does at first', () => {
    const window = new SendWindow();
    const [way, receipt] = [2, 1];
    const arrivals: number[] = [];
    let [confirmed, refused, flight] = [0, 0, 10];
    for (let at = 0; flight < 5_000; at += way) {
      for (let count = 0; count < flight; count++) {
        if (!window.allows(at)) refused++;
        window.sent(at);
        arrivals.push(at + receipt);
      }
      for (; arrivals.length > 0; arrivals.shift()) window.receipt(++confirmed, arrivals[0]!);
      flight *= 2;
    }
    expect(refused).toBe(0);
  });

  test('does not remember how much it had under way when the way has become slow', () => {
    const window = new SendWindow();
    let [confirmed, at] = [0, 0];
    // 50 a millisecond, and from then on 5.
    for (; at < 200; at++) {
      for (let burst = 0; burst < 50 && window.allows(at); burst++) window.sent(at);
      if (at >= 5) for (let burst = 0; burst < 50; burst++) window.receipt(++confirmed, at);
    }
    let longest = 0;
    for (; at < 4_000; at++) {
      for (let burst = 0; burst < 50 && window.allows(at); burst++) window.sent(at);
      for (let burst = 0; burst < 5; burst++) window.receipt(++confirmed, at);
      if (at > 3_000) longest = Math.max(longest, window.unconfirmed / 5);
    }
    expect(longest).toBeLessThan(1.5 * window.limit);
  });

  test('waits for a while before it knows the way', () => {
    const window = new SendWindow();
    window.sent(0);
    expect(window.allows(2000)).toBe(true);
    expect(window.allows(2001)).toBe(false);
  });

  test('learns that the way has become longer', () => {
    const window = new SendWindow();
    measure(window, 0, 10, 1);
    for (let count = 2; count < 30; count++)
      measure(window, count * 1000, count * 1000 + 300, count);
    expect(window.limit).toBe(600 + QUEUE_DELAY);
  });

  test('refuses receipts for what was not sent', () => {
    const window = new SendWindow();
    window.sent(0);
    expect(window.receipt(2, 1)).toBe(false);
    expect(window.receipt(1, 1)).toBe(true);
    expect(window.receipt(1, 2)).toBe(true);
    expect(window.receipt(0, 2)).toBe(false);
  });
});

describe('a ReceiptPace', () => {
  test('confirms soon, and many at once', () => {
    const pace = new ReceiptPace();
    expect(pace.dueAt).toBe(Number.POSITIVE_INFINITY);
    for (let count = 1; count < 16; count++) expect(pace.arrived(100 + count)).toBe(false);
    expect(pace.dueAt).toBe(111);
    expect(pace.arrived(120)).toBe(true);
    pace.confirmed();
    expect(pace.received).toBe(16);
    expect(pace.dueAt).toBe(Number.POSITIVE_INFINITY);
  });
});

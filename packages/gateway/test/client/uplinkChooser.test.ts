import { beforeEach, describe, expect, test } from 'vitest';
import { UplinkChooser } from '../../src/index.js';

let chooser: UplinkChooser;

beforeEach(() => {
  chooser = new UplinkChooser();
});

/** No router answers, and the gateway does. */
function fallBack(now: number): void {
  chooser.asked(now);
  chooser.due(now + 3000);
  chooser.connected(now + 3100);
}

/** The times at which UDP is tried until an end. */
function probesUntil(end: number): number[] {
  const times: number[] = [];
  while (chooser.nextTimeout < end) {
    const at = chooser.nextTimeout;
    if (chooser.due(at)) times.push(at);
  }
  return times;
}

describe('an UplinkChooser', () => {
  test('uses UDP at first, and wants nothing', () => {
    expect([chooser.uses, chooser.wantsGateway]).toEqual(['udp', false]);
    expect(chooser.nextTimeout).toBe(Number.POSITIVE_INFINITY);
  });

  test('wants the gateway when no router has answered for 3 s', () => {
    chooser.asked(1000);
    chooser.asked(2000);
    // It asks again first, once: all routers.
    expect(chooser.nextTimeout).toBe(2500);
    expect(chooser.due(2500)).toBe(true);
    expect(chooser.nextTimeout).toBe(4000);
    expect(chooser.due(3999)).toBe(false);
    expect(chooser.wantsGateway).toBe(false);
    chooser.due(4000);
    expect([chooser.uses, chooser.wantsGateway]).toEqual(['udp', true]);
  });

  test('stays with UDP when an answer comes before the gateway does', () => {
    chooser.asked(0);
    chooser.due(3000);
    expect(chooser.answered(3500)).toBe(false);
    expect(chooser.wantsGateway).toBe(false);
    expect(chooser.connected(3600)).toBe(false);
    expect(chooser.uses).toBe('udp');
  });

  test('uses the gateway once that is there', () => {
    chooser.asked(0);
    chooser.due(3000);
    expect(chooser.connected(3100)).toBe(true);
    expect(chooser.uses).toBe('gateway');
    // Over another connection later on, nothing changes.
    expect(chooser.connected(9000)).toBe(false);
  });

  test('asks over UDP from time to time, ever less often', () => {
    fallBack(0);
    const times = probesUntil(3_600_000);
    expect(times.slice(0, 4)).toEqual([13_100, 33_100, 73_100, 153_100]);
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(Math.max(...pauses)).toBe(600_000);
  });

  test('returns to UDP at the first answer', () => {
    fallBack(0);
    expect(chooser.answered(13_200)).toBe(true);
    expect([chooser.uses, chooser.wantsGateway]).toEqual(['udp', false]);
    expect(chooser.nextTimeout).toBe(Number.POSITIVE_INFINITY);
  });

  test('asks at once when the network changed', () => {
    fallBack(0);
    probesUntil(100_000);
    chooser.changed(100_000);
    expect(probesUntil(120_001)).toEqual([100_000, 120_000]);
  });

  test('does not go to and fro at the first pace where UDP works for moments', () => {
    fallBack(0);
    const [first] = probesUntil(20_000);
    chooser.answered(first!);
    fallBack(first! + 1000);
    const after = first! + 1000 + 3100;
    expect(probesUntil(after + 19_999)).toEqual([]);
    expect(probesUntil(after + 20_001)).toEqual([after + 20_000]);
  });

  test('asks routers when something is sent and nothing comes, and wants the gateway 3 s later', () => {
    chooser.sent(500);
    expect(chooser.wantsSent).toBe(false);
    const asked: number[] = [];
    while (!chooser.wantsGateway) {
      const at = chooser.nextTimeout;
      if (chooser.due(at)) asked.push(at);
    }
    expect(asked).toEqual([1500, 2500, 3500, 4500]);
    expect(chooser.connected(4600)).toBe(true);
    expect(chooser.nextTimeout).toBe(14_600);
    expect(chooser.wantsSent).toBe(false);
  });

  test('asks nobody while something comes', () => {
    for (const at of [0, 2000, 4000]) {
      expect(chooser.wantsSent).toBe(true);
      chooser.sent(at);
      chooser.heard();
      expect(chooser.due(chooser.nextTimeout)).toBe(false);
      expect(chooser.nextTimeout).toBe(Number.POSITIVE_INFINITY);
    }
  });

  test('asks every 10 s while it only sends, and stays with UDP', () => {
    const asked: number[] = [];
    for (let now = 0; now < 60_000; now += 20) {
      if (chooser.wantsSent) chooser.sent(now);
      if (now < chooser.nextTimeout || !chooser.due(now)) continue;
      asked.push(now);
      chooser.answered(now + 10);
    }
    expect(asked).toEqual([1000, 11_000, 21_000, 31_000, 41_000, 51_000]);
    expect(chooser.wantsGateway).toBe(false);
  });

  test('notices soon that UDP is blocked in the middle of traffic', () => {
    let wanted: number | null = null;
    for (let now = 0; wanted === null; now += 20) {
      if (chooser.wantsSent) chooser.sent(now);
      if (now < 5_500) chooser.heard();
      if (now >= chooser.nextTimeout) chooser.due(now);
      if (chooser.wantsGateway) wanted = now;
    }
    expect(wanted).toBeLessThanOrEqual(5_500 + 5_040);
  });
});

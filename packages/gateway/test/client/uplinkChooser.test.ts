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
    expect(chooser.nextTimeout).toBe(4000);
    chooser.due(3999);
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
});

import { describe, expect, test } from 'vitest';
import { RoundTrip } from '../../src/send/roundTrip.js';

describe('round-trip times (RFC 6298)', () => {
  test('begin with a timeout of a second, and three after a lost SYN', () => {
    const roundTrip = new RoundTrip();
    expect(roundTrip.timeout).toBe(1_000);
    roundTrip.distrust();
    expect(roundTrip.timeout).toBe(3_000);
  });

  test('are smoothed by an eighth, and their variation by a quarter', () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(400, 0);
    expect([roundTrip.smoothed, roundTrip.variation]).toEqual([400, 200]);
    expect(roundTrip.timeout).toBe(1_200);
    roundTrip.sample(800, 0);
    expect([roundTrip.smoothed, roundTrip.variation]).toEqual([450, 250]);
    expect(roundTrip.timeout).toBe(1_450);
  });

  test('never give a timeout below 200 ms', () => {
    const roundTrip = new RoundTrip();
    for (let sample = 0; sample < 50; sample++) roundTrip.sample(1, sample);
    expect(roundTrip.timeout).toBe(200);
  });

  test('double the timeout each time it expires, to a minute at most', () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(400, 0);
    roundTrip.backOff();
    expect(roundTrip.timeout).toBe(2_400);
    for (let time = 0; time < 20; time++) roundTrip.backOff();
    expect(roundTrip.timeout).toBe(60_000);
  });

  test('end the backoff when one is measured, and halve it when one cannot be and nothing else would tell a slower path', () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(400, 0);
    for (let time = 0; time < 2; time++) roundTrip.backOff();
    roundTrip.relax(false);
    expect(roundTrip.timeout).toBe(2_400);
    roundTrip.relax(true);
    expect(roundTrip.timeout).toBe(1_200);
    roundTrip.sample(400, 0);
    expect(roundTrip.timeout).toBe(1_000);
  });

  test('forget the least one after five minutes', () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(10, 0);
    roundTrip.sample(50, 300_000);
    expect(roundTrip.minimum).toBe(10);
    roundTrip.sample(50, 300_001);
    expect(roundTrip.minimum).toBe(50);
  });

  test('take no least one from a timestamp', () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(10, 0);
    roundTrip.coarseSample(1);
    expect(roundTrip.minimum).toBe(10);
  });
});

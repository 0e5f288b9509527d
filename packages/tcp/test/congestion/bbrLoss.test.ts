import { describe, expect, test } from 'vitest';
import { BbrBounds } from '../../src/congestion/bbrBounds.js';
import { BbrModel } from '../../src/congestion/bbrModel.js';
import { BbrProbeClock } from '../../src/congestion/bbrProbeClock.js';
import { emptySample } from '../../src/congestion/samples.js';

const WINDOW = 100_000;
const RATE = 1_000;

/** Bounds after a round trip with loss, that delivered so much. */
function afterLoss(delivered: number, rate: number, hasQueue: boolean, isProbing = false) {
  const bounds = new BbrBounds();
  const sample = emptySample();
  sample.hasDelivered = true;
  sample.deliveryRate = rate;
  sample.deliveredSinceSent = delivered;
  bounds.updateLatest(sample);
  bounds.noteLoss(0);
  bounds.adapt(isProbing, RATE, WINDOW, hasQueue);
  return { volume: bounds.shortVolume, rate: bounds.shortRate };
}

describe('loss outside of a probe', () => {
  test('leaves what the last round trip delivered, without a queue (§5.5.10.3)', () => {
    expect(afterLoss(95_000, 950, false)).toEqual({ volume: 95_000, rate: 950 });
  });

  test('leaves 0.7 of that with a queue, as CUBIC does', () => {
    const { volume, rate } = afterLoss(100_000, 1_000, true);
    expect(volume).toBeCloseTo(70_000);
    expect(rate).toBeCloseTo(700);
  });

  test('leaves 0.7 of the bound at least, however little was delivered', () => {
    for (const hasQueue of [false, true]) {
      const { volume, rate } = afterLoss(1_000, 10, hasQueue);
      expect(volume).toBeCloseTo(70_000);
      expect(rate).toBeCloseTo(700);
    }
  });

  test('bounds nothing while a higher rate is probed', () => {
    expect(afterLoss(1_000, 10, true, true).volume).toBe(Number.POSITIVE_INFINITY);
  });
});

test('a queue stands when round trips are a quarter longer than the least one, and 4 ms at least', () => {
  const model = new BbrModel();
  const sample = { ...emptySample(), now: 20_000 };
  model.updateRoundTrip({ ...sample, roundTrip: 40 });
  expect(model.hasQueue(50)).toBe(false);
  expect(model.hasQueue(50.1)).toBe(true);
  model.updateRoundTrip({ ...sample, roundTrip: 2 });
  expect(model.hasQueue(6)).toBe(false);
  expect(model.hasQueue(6.1)).toBe(true);
});

describe('the next probe (§5.3.3.5)', () => {
  test('comes after two to three seconds', () => {
    for (const [random, wait] of [
      [0, 2_000],
      [0.999, 2_999],
    ] as const) {
      const clock = new BbrProbeClock(() => random);
      clock.restart(1_000);
      expect(clock.isDue(1_000 + wait, 1_000)).toBe(false);
      expect(clock.isDue(1_001 + wait, 1_000)).toBe(true);
    }
  });

  test('comes after as many round trips as segments are wanted, but 63 at most', () => {
    const clock = new BbrProbeClock(() => 0);
    clock.restart(0);
    for (let round = 0; round < 9; round++) clock.countRound();
    expect(clock.isDue(0, 10)).toBe(false);
    clock.countRound();
    expect(clock.isDue(0, 10)).toBe(true);
    for (let round = 10; round < 62; round++) clock.countRound();
    expect(clock.isDue(0, 1_000)).toBe(false);
    clock.countRound();
    expect(clock.isDue(0, 1_000)).toBe(true);
  });
});

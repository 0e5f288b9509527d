import { describe, expect, test } from 'vitest';
import { Cubic } from '../../src/congestion/cubic.js';
import { emptySample } from '../../src/congestion/samples.js';

const SIZE = 1_000;

/** Acknowledges `rounds` windows, one round trip of so many milliseconds each. */
class Rounds {
  now = 0;
  readonly cubic: Cubic;
  readonly #sample = emptySample();

  constructor(cubic: Cubic) {
    this.cubic = cubic;
  }

  run(rounds: number, roundTrip: number, isWindowFull = true): void {
    const sample = this.#sample;
    for (let round = 0; round < rounds; round++) {
      this.now += roundTrip;
      const flight = Math.floor(this.cubic.window / SIZE);
      const before = sample.totalDelivered;
      for (let segment = 0; segment < flight; segment++) {
        Object.assign(sample, { delivered: SIZE, isInOrder: true, isWindowFull, roundTrip });
        Object.assign(sample, { smoothedRoundTrip: roundTrip, deliveredWhenSent: before });
        sample.now = this.now + (segment / flight) * roundTrip;
        sample.totalDelivered += SIZE;
        this.cubic.acknowledged(sample);
      }
    }
  }

  get window(): number {
    return this.cubic.window / SIZE;
  }
}

function avoiding(window: number): Rounds {
  const rounds = new Rounds(new Cubic(SIZE));
  while (rounds.window < window) rounds.run(1, 100);
  rounds.cubic.congested(rounds.now);
  return rounds;
}

describe('CUBIC (RFC 9438)', () => {
  test('doubles its window in each round trip at first', () => {
    const rounds = new Rounds(new Cubic(SIZE));
    rounds.run(3, 100);
    expect(rounds.window).toBe(80);
  });

  test('ends slow start when round trips grow (HyStart++, RFC 9406)', () => {
    const rounds = new Rounds(new Cubic(SIZE));
    rounds.run(3, 100);
    rounds.run(1, 120);
    const before = rounds.window;
    rounds.run(1, 120);
    expect(rounds.window).toBeLessThan(before * 1.3);
    rounds.run(6, 120);
    expect(rounds.cubic.isSlowStart).toBe(false);
  });

  test('goes on with slow start when it was no queue', () => {
    const rounds = new Rounds(new Cubic(SIZE));
    rounds.run(3, 100);
    rounds.run(1, 120);
    rounds.run(2, 100);
    const before = rounds.window;
    rounds.run(1, 100);
    expect(rounds.window).toBeGreaterThan(before * 1.9);
  });

  test('keeps seven tenths, and is back at the old window after K (§4.2)', () => {
    const rounds = avoiding(160);
    expect(rounds.window).toBeCloseTo(112, 0);
    // K is the cube root of 0.3 × 160 / 0.4, in seconds.
    const k = Math.cbrt((0.3 * 160) / 0.4) * 1_000;
    const start = rounds.now;
    while (rounds.now - start < k - 200) rounds.run(1, 100);
    expect(rounds.window).toBeGreaterThan(150);
    expect(rounds.window).toBeLessThan(165);
  });

  test('grows slowly there, and faster behind', () => {
    const rounds = avoiding(160);
    const grown: number[] = [];
    for (let second = 0; second < 10; second++) {
      const before = rounds.window;
      rounds.run(10, 100);
      grown.push(rounds.window - before);
    }
    expect(grown[0]).toBeGreaterThan(grown[4]!);
    expect(grown[9]).toBeGreaterThan(grown[4]!);
  });

  test('is no slower than Reno on short paths (§4.3)', () => {
    const rounds = avoiding(40);
    const before = rounds.window;
    rounds.run(100, 2);
    // Reno with this factor gains 3 × 0.3 / 1.7 segments in a round trip.
    expect(rounds.window - before).toBeGreaterThan(100 * 0.5);
  });

  test('leaves room to others when its windows fall (fast convergence, §4.7)', () => {
    const rounds = avoiding(160);
    rounds.cubic.congested(rounds.now);
    expect(rounds.window).toBeCloseTo(78.4, 0);
    // The plateau is below the window before: 112 × 0.85.
    const start = rounds.now;
    const k = Math.cbrt((95.2 - 78.4) / 0.4) * 1_000;
    while (rounds.now - start < k) rounds.run(1, 100);
    expect(rounds.window).toBeLessThan(100);
  });

  test('begins with one segment after a timeout, and slow start goes to seven tenths', () => {
    const rounds = avoiding(160);
    rounds.cubic.timedOut(rounds.now, 100 * SIZE, false);
    expect(rounds.window).toBe(1);
    rounds.run(6, 100);
    expect(rounds.window).toBe(64);
    rounds.run(1, 100);
    expect(rounds.window).toBeLessThan(75);
  });

  test('does not lower the threshold again when the timer expires again', () => {
    const rounds = avoiding(160);
    rounds.cubic.timedOut(rounds.now, 100 * SIZE, false);
    rounds.cubic.timedOut(rounds.now, 1 * SIZE, true);
    rounds.run(6, 100);
    expect(rounds.window).toBe(64);
  });

  test('has its window again when there was no congestion (§4.9)', () => {
    const rounds = avoiding(160);
    rounds.cubic.undo();
    expect(rounds.window).toBe(160);
    rounds.cubic.undo();
    expect(rounds.window).toBe(160);
  });

  test('does not grow while the window is not used', () => {
    const rounds = new Rounds(new Cubic(SIZE));
    rounds.run(5, 100, false);
    expect(rounds.window).toBe(10);
  });

  test('keeps its window in bytes when segments become smaller', () => {
    const rounds = avoiding(160);
    const { window } = rounds.cubic;
    rounds.cubic.setSegmentSize(500);
    expect(rounds.cubic.window).toBeCloseTo(window, -1);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ResumeWatch, systemUptime } from '../../src/daemon/resumeWatch.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

/** Clocks that a test sets, in milliseconds. */
class Bench {
  monotonic = 1_000;
  elapsed = 500_000;
  resumed = 0;
  readonly watch = new ResumeWatch(
    { monotonic: () => this.monotonic, elapsed: () => this.elapsed },
    () => {
      this.resumed++;
    },
  );

  /** The clocks go on by so much, and then the timer fires. */
  pass(monotonic: number, elapsed = monotonic): number {
    this.monotonic += monotonic;
    this.elapsed += elapsed;
    vi.advanceTimersByTime(1_000);
    return this.resumed;
  }
}

let bench: Bench;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  bench = new Bench();
});
afterEach(() => {
  bench.watch.close();
  vi.useRealTimers();
});

describe('a pause', () => {
  test('is noticed when the clock of the tunnel stood still', () => {
    expect(bench.pass(1_000)).toBe(0);
    expect(bench.pass(1_000, 600_000)).toBe(1);
    expect(bench.pass(1_000)).toBe(1);
  });

  test('is noticed when the clock of the tunnel went on', () => {
    expect(bench.pass(60_000)).toBe(1);
    expect(bench.pass(1_000)).toBe(1);
  });

  test('is more than three seconds', () => {
    expect(bench.pass(4_000)).toBe(0);
    expect(bench.pass(1_000, 4_000)).toBe(0);
    expect(bench.pass(4_001)).toBe(1);
    expect(bench.pass(1_000, 4_001)).toBe(2);
  });

  test('is noticed by the clock of the tunnel alone where there is no other', () => {
    bench.elapsed = Number.NaN;
    expect(bench.pass(1_000)).toBe(0);
    expect(bench.pass(60_000)).toBe(1);
  });

  test('is not a clock that is set back', () => {
    expect(bench.pass(1_000, -3_600_000)).toBe(0);
    expect(bench.pass(1_000)).toBe(0);
  });
});

test('nothing is noticed after the end', () => {
  bench.watch.close();
  expect(bench.pass(600_000)).toBe(0);
});

test('the clock of the system goes on, and does not follow the one on the wall', () => {
  const before = systemUptime();
  vi.spyOn(Date, 'now').mockReturnValue(0);
  expect(systemUptime()).toBeGreaterThanOrEqual(before);
  vi.restoreAllMocks();
});

import { describe, expect, test } from 'vitest';
import { TrapeziumMonitor } from '../../src/peer/trapeziumMonitor.js';

const PACKETS = 4;
const SECOND = 1_000;
const BLOCK = 600_000;
/** Routers that are watched at a time. */
const WATCHED = 8;

/** Whether the last of as many packets as are needed, a second after the first, makes a router solicited. */
function insists(monitor: TrapeziumMonitor, router: number, from: number): boolean {
  for (let count = 1; count < PACKETS; count++) monitor.notice(router, from);
  return monitor.notice(router, from + SECOND);
}

describe('the routers that packets pass second', () => {
  test('are solicited from the fourth packet on, a second after the first', () => {
    const monitor = new TrapeziumMonitor();
    const noticed = [0, 10, SECOND, SECOND].map((now) => monitor.notice(1, now));
    expect(noticed).toEqual([false, false, false, true]);
    const early = new TrapeziumMonitor();
    const times = [0, 0, 0, SECOND - 1, SECOND];
    expect(times.map((now) => early.notice(1, now))).toEqual([false, false, false, false, true]);
  });

  test('are told apart', () => {
    const monitor = new TrapeziumMonitor();
    monitor.notice(1, 0);
    monitor.notice(1, 0);
    monitor.notice(2, 0);
    expect(monitor.notice(2, SECOND)).toBe(false);
  });

  test('begin anew when they have answered, and after ten minutes when they have not', () => {
    const monitor = new TrapeziumMonitor();
    expect(insists(monitor, 1, 0)).toBe(true);
    monitor.settle(1, true, SECOND);
    expect(monitor.notice(1, 2 * SECOND)).toBe(false);
    expect(insists(monitor, 1, 2 * SECOND)).toBe(true);
    monitor.settle(1, false, 3 * SECOND);
    expect(insists(monitor, 1, 4 * SECOND)).toBe(false);
    expect(monitor.notice(1, 3 * SECOND + BLOCK - 1)).toBe(false);
    expect(monitor.notice(1, 3 * SECOND + BLOCK)).toBe(true);
    monitor.settle(77, false, 0);
  });

  test('make place for others when they were quiet longest', () => {
    const monitor = new TrapeziumMonitor();
    for (let router = 1; router <= WATCHED; router++) {
      for (let count = 1; count < PACKETS; count++) monitor.notice(router, router);
    }
    // The first one is the latest then, and the second one was quiet longest.
    monitor.notice(1, 50);
    monitor.notice(99, 60);
    const due = Array.from({ length: WATCHED }, (_, index) => monitor.notice(index + 1, 5_000));
    // The second one comes back in the place of the third, that one in the place of the fourth, and so on.
    expect(due).toEqual([true, false, false, false, false, false, false, false]);
  });

  test('keep those that may not be solicited now, as long as there are others', () => {
    const monitor = new TrapeziumMonitor();
    monitor.notice(1, 0);
    monitor.settle(1, false, 0);
    for (let router = 2; router <= WATCHED + 4; router++) monitor.notice(router, 100 + router);
    expect(insists(monitor, 1, 5_000)).toBe(false);
    // Once the wait is over, the one that was quiet longest goes, whether it answered or not.
    for (let router = 20; router < 20 + WATCHED; router++) monitor.notice(router, BLOCK);
    expect(insists(monitor, 1, BLOCK + 1)).toBe(true);
  });

  test('make place for each other when none may be solicited', () => {
    const monitor = new TrapeziumMonitor();
    for (let router = 1; router <= WATCHED; router++) {
      monitor.notice(router, router);
      monitor.settle(router, false, router);
    }
    expect(insists(monitor, 99, 1_000)).toBe(true);
    // The first one was quiet longest and is forgotten; the last one is not.
    expect(insists(monitor, WATCHED, 3_000)).toBe(false);
  });
});

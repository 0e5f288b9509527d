import type { Endpoint } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UnderlayMonitor } from '../../src/daemon/underlayMonitor.js';
import type { UnderlayListener, Ways } from '../../src/drivers/udp/underlay.js';
import { StartError } from '../../src/index.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

const ROUTERS: Endpoint[] = [
  { address: '192.0.2.1', port: 25790 },
  { address: '192.0.2.2', port: 4000 },
];
const [FIRST, SECOND] = ['192.0.2.1:25790', '192.0.2.2:4000'] as const;

/** A network whose ways a test sets. */
class Bench {
  ways: Record<string, string | null> = { [FIRST]: 'eth0', [SECOND]: 'eth0' };
  looks = 0;
  changes = 0;
  readonly failures: string[] = [];
  happen: UnderlayListener = () => {};
  isClosed = false;
  readonly monitor = new UnderlayMonitor(
    (onEvent) => {
      this.happen = onEvent;
      return {
        look: (): Promise<Ways> => {
          this.looks++;
          return Promise.resolve(new Map(Object.entries(this.ways)));
        },
        close: () => {
          this.isClosed = true;
        },
      };
    },
    {
      routers: () => ROUTERS,
      underlayChanged: () => {
        this.changes++;
      },
      noRoute: ({ message }) => this.failures.push(message),
      somethingHappened: () => {},
    },
  );

  /** Something happens, and time passes. */
  async after(milliseconds: number, isLoss = false): Promise<number> {
    this.happen(isLoss);
    await vi.advanceTimersByTimeAsync(milliseconds);
    return this.changes;
  }
}

let bench: Bench;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  bench = new Bench();
  await bench.monitor.start();
});
afterEach(() => {
  bench.monitor.close();
  vi.useRealTimers();
});

describe('a change is', () => {
  test('another way to a router, told within a tenth of a second', async () => {
    bench.ways[SECOND] = 'wlan0';
    expect(await bench.after(99)).toBe(0);
    expect(await bench.after(1)).toBe(1);
  });

  test('a way that is back', async () => {
    bench.ways = { [FIRST]: null, [SECOND]: null };
    expect(await bench.after(100)).toBe(0);
    bench.ways = { [FIRST]: 'eth0', [SECOND]: null };
    expect(await bench.after(100)).toBe(1);
  });

  test('a way that was interrupted, though it is the same as before', async () => {
    expect(await bench.after(100, true)).toBe(1);
  });

  test('a loss, only once there is a way again', async () => {
    bench.ways = { [FIRST]: null, [SECOND]: null };
    expect(await bench.after(5_000, true)).toBe(0);
    bench.ways = { [FIRST]: 'eth0', [SECOND]: null };
    expect(await bench.after(5_000)).toBe(1);
  });

  test('the end of a pause, told at once', async () => {
    bench.monitor.resumed();
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.changes).toBe(1);
  });

  test('not what leaves the ways as they are, nor the loss of one of them', async () => {
    expect(await bench.after(10_000)).toBe(0);
    bench.ways[SECOND] = null;
    expect(await bench.after(10_000)).toBe(0);
  });

  test('not the way to a router that was added', async () => {
    bench.ways['192.0.2.3:25790'] = 'eth0';
    expect(await bench.after(10_000)).toBe(0);
  });
});

describe('however often networks change', () => {
  test('events that come together are one', async () => {
    for (let count = 0; count < 50; count++) bench.happen(true);
    expect(await bench.after(1_000)).toBe(1);
    expect(bench.looks).toBe(2);
  });

  test('there are three solicitations at once and then one every five seconds', async () => {
    for (let time = 0; time < 60_000; time += 200) {
      bench.ways[FIRST] = `network ${time}`;
      await bench.after(200, true);
    }
    expect(bench.changes).toBeLessThanOrEqual(3 + 12);
    expect(bench.changes).toBeGreaterThanOrEqual(3 + 10);
  });

  test('the last change is told, however late', async () => {
    for (let count = 0; count < 5; count++) {
      bench.ways[FIRST] = `network ${count}`;
      await bench.after(150);
    }
    expect(bench.changes).toBe(3);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(bench.changes).toBe(4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.changes).toBe(4);
  });
});

describe('without a route', () => {
  test('that is told at the start, and once each time that the last one is lost', async () => {
    const late = new Bench();
    late.ways = { [FIRST]: null, [SECOND]: null };
    await late.monitor.start();
    expect(late.failures).toEqual(['no route to the router 192.0.2.1:25790, 192.0.2.2:4000 yet']);
    expect(late.monitor.hasRoute).toBe(false);
    await late.after(1_000);
    expect(late.failures).toHaveLength(1);
    late.ways[FIRST] = 'eth0';
    expect(await late.after(1_000)).toBe(1);
    expect(late.monitor.hasRoute).toBe(true);
    late.ways[FIRST] = null;
    await late.after(1_000);
    expect(late.failures).toHaveLength(2);
    late.monitor.close();
  });

  test('to one of several routers, nothing is told', async () => {
    bench.ways[FIRST] = null;
    await bench.after(1_000);
    expect(bench.failures).toEqual([]);
    expect(bench.monitor.hasRoute).toBe(true);
  });
});

test('a user that is too busy is told later', async () => {
  let isBusy = true;
  const busy = new UnderlayMonitor(
    () => ({ look: () => Promise.resolve(new Map()), close: () => {} }),
    {
      routers: () => {
        if (isBusy) throw new StartError('EPIPE', 'busy');
        return ROUTERS;
      },
      underlayChanged: () => {
        bench.changes++;
      },
      noRoute: () => {},
      somethingHappened: () => {},
    },
  );
  busy.resumed();
  await vi.advanceTimersByTimeAsync(4_000);
  isBusy = false;
  expect(bench.changes).toBe(0);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(bench.changes).toBe(1);
  busy.close();
});

test('after its end, it looks no more', async () => {
  bench.happen(true);
  bench.monitor.close();
  await bench.after(1_000, true);
  bench.monitor.resumed();
  await bench.after(1_000, true);
  expect([bench.looks, bench.changes, bench.isClosed]).toEqual([1, 0, true]);
  expect(vi.getTimerCount()).toBe(0);
});

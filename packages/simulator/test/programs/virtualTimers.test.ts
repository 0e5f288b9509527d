import { AsyncLocalStorage } from 'node:async_hooks';
import timers from 'node:timers';
import { setTimeout as sleep, setInterval as ticks } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { simulate } from '../../node/index.js';

const HOUR = 3_600_000;
const long = { limit: 100 * HOUR };

describe('in a simulation', () => {
  test('setTimeout passes its arguments, in order of time, after its delay and not before', async () => {
    const seen: unknown[] = [];
    await simulate(long, async (net) => {
      setTimeout((...args) => seen.push(net.now, ...args), HOUR, 'late', 1);
      setTimeout((text) => seen.push(net.now, text), 2, 'soon');
      timers.setTimeout(() => seen.push(net.now), 1);
      await new Promise((resolve) => setTimeout(resolve, 2 * HOUR));
      expect(net.now).toBe(2 * HOUR);
    });
    expect(seen).toEqual([1, 2, 'soon', HOUR, 'late', 1]);
  });

  test.each([undefined, 0, -5, Number.NaN, 2 ** 31, 'x'])(
    'setTimeout takes a delay of %j as 1 ms, as Node.js does',
    async (delay) => {
      await simulate({}, async (net) => {
        await new Promise<void>((resolve) => setTimeout(resolve, delay as number));
        expect(net.now).toBe(1);
      });
    },
  );

  test('timers end by object, by number, by close and by dispose; intervals go on until then', async () => {
    const called = vi.fn();
    await simulate({}, async (net) => {
      clearTimeout(setTimeout(called, 10));
      clearTimeout(Number(setTimeout(called, 10)));
      setTimeout(called, 10).close();
      setTimeout(called, 10)[Symbol.dispose]();
      clearTimeout(undefined);
      const interval = setInterval(() => {
        called(net.now);
        if (net.now === 300) clearInterval(interval);
      }, 100);
      await sleep(1_000);
    });
    expect(called.mock.calls).toEqual([[100], [200], [300]]);
  });

  test('a timer begins anew after refresh, also when it is over', async () => {
    const times: number[] = [];
    await simulate({}, async (net) => {
      const timer = setTimeout(() => times.push(net.now), 100);
      await sleep(60);
      expect(timer.refresh().unref().hasRef()).toBe(false);
      expect(timer.ref().hasRef()).toBe(true);
      await sleep(140);
      timer.refresh();
      await sleep(500);
      clearTimeout(timer);
      timer.refresh();
      await sleep(500);
    });
    expect(times).toEqual([160, 300]);
  });

  test('promises run between two timers of the same time', async () => {
    const called = vi.fn();
    await simulate({}, async () => {
      const second = (): void => clearTimeout(later);
      setTimeout(
        () =>
          void Promise.resolve()
            .then(() => Promise.resolve())
            .then(second),
        10,
      );
      const later = setTimeout(called, 10);
      await sleep(100);
    });
    expect(called).not.toHaveBeenCalled();
  });

  test('node:timers/promises and what promisify makes wait, and can be aborted', async () => {
    await simulate({}, async (net) => {
      expect(await sleep(100, 'value')).toBe('value');
      expect(await promisify(setTimeout)(100, 'other')).toBe('other');
      const times: number[] = [];
      for await (const value of ticks(50, 'tick')) {
        times.push(net.now);
        expect(value).toBe('tick');
        if (times.length === 3) break;
      }
      expect(times).toEqual([250, 300, 350]);
      const controller = new AbortController();
      setTimeout(() => controller.abort('why'), 10);
      const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' };
      const { signal } = controller;
      await expect(sleep(100, null, { signal })).rejects.toMatchObject(aborted);
      await expect(sleep(100, null, { signal })).rejects.toMatchObject(aborted);
      await expect(ticks(100, null, { signal }).next()).rejects.toMatchObject(aborted);
      const late = new AbortController();
      setTimeout(() => late.abort('late'), 10);
      const next = ticks(100, null, { signal: late.signal }).next();
      await expect(next).rejects.toMatchObject({ ...aborted, cause: 'late' });
      expect(net.now).toBe(370);
      await timers.promises.scheduler.wait(30);
      expect(net.now).toBe(400);
    });
  });

  test('AbortSignal.timeout aborts after its time', async () => {
    await simulate(long, async (net) => {
      const signal = AbortSignal.timeout(HOUR);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      expect(net.now).toBe(HOUR);
      expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
    });
  });

  test('the present time is that of the simulation, and other dates are what they are', async () => {
    await simulate({ startTime: Date.UTC(2030, 1, 2) }, async () => {
      await sleep(1_500);
      expect(new Date().toISOString()).toBe('2030-02-02T00:00:01.500Z');
      expect(Date.now()).toBe(Date.UTC(2030, 1, 2, 0, 0, 1, 500));
      expect(Date()).toBe(new Date(Date.now()).toString());
      expect(performance.now()).toBe(1_500);
      expect(new Date(0).getTime()).toBe(0);
      expect(new Date()).toBeInstanceOf(Date);
      class Day extends Date {}
      expect(new Day()).toBeInstanceOf(Day);
      expect(new Day().getTime()).toBe(Date.now());
    });
    await simulate({}, () => expect(new Date().toISOString()).toBe('2026-01-01T00:00:00.000Z'));
  });

  test('callbacks of timers have the asynchronous context of who set them', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = await simulate({}, () =>
      storage.run('context', async () => {
        await sleep(10);
        return new Promise((resolve) => setTimeout(() => resolve(storage.getStore()), 10));
      }),
    );
    expect(seen).toBe('context');
  });

  test('callbacks that are none are refused as by Node.js', async () => {
    await simulate({}, () => {
      expect(() => setTimeout('text' as unknown as () => void, 1)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    });
  });

  test('everything is real with virtualTimers: false, and the simulation has timers of its own', async () => {
    const before = [setTimeout, Date, performance.now, AbortSignal.timeout];
    await simulate({ virtualTimers: false }, async (net) => {
      expect([setTimeout, Date, performance.now, AbortSignal.timeout]).toEqual(before);
      await net.sleep(50_000);
      const called = vi.fn();
      net.setTimeout(called, 10).close();
      net.setTimeout(called, 20);
      await net.sleep(100);
      expect(called).toHaveBeenCalledOnce();
      expect(net.now).toBe(50_100);
    });
  });
});

describe('after a simulation', () => {
  test('all is as it was, also when it failed', async () => {
    const state = (): unknown[] => [
      ...[setTimeout, setInterval, clearTimeout, clearInterval, Date, performance.now],
      ...[timers.setTimeout, timers.promises.setTimeout, sleep, AbortSignal.timeout],
      Object.getOwnPropertyDescriptor(globalThis, 'setTimeout'),
      Object.hasOwn(performance, 'now'),
    ];
    const before = state();
    await simulate({}, () => sleep(1));
    expect(state()).toEqual(before);
    const failing = simulate({}, () => {
      expect(state()).not.toEqual(before);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(state()).toEqual(before);
  });

  test('what was captured meanwhile is what it stands for', async () => {
    let captured: typeof setTimeout | undefined;
    let clear: typeof clearTimeout | undefined;
    let VirtualDate: typeof Date | undefined;
    await simulate({}, () => {
      captured = setTimeout;
      clear = clearTimeout;
      VirtualDate = Date;
    });
    const called = vi.fn();
    clear!(captured!(called, 5));
    await new Promise<void>((resolve) => captured!(resolve, 20));
    expect(called).not.toHaveBeenCalled();
    expect(Math.abs(VirtualDate!.now() - Date.now())).toBeLessThan(1_000);
  });
});

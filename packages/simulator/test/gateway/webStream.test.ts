import { describe, expect, test } from 'vitest';
import { DatagramPool } from '../../src/datagram/datagram.js';
import { WebPath } from '../../src/gateway/webPath.js';
import type { WebPathOptions } from '../../src/gateway/webPathOptions.js';
import { WebStream } from '../../src/gateway/webStream.js';
import { Random } from '../../src/time/random.js';
import { Scheduler } from '../../src/time/scheduler.js';
import { World } from '../../src/world/world.js';

function newStream(options: WebPathOptions) {
  const scheduler = new Scheduler();
  const world = new World(scheduler, new DatagramPool(), new Random(1), null);
  const path = new WebPath(options);
  const stream = new WebStream(world, path, new Random(3));
  const arrivals: { readonly number: number; readonly at: number }[] = [];
  const send = (number: number, bytes = 100): void =>
    stream.send(bytes, () => arrivals.push({ number, at: scheduler.now }));
  const numbers = (): number[] => arrivals.map(({ number }) => number);
  return { scheduler, path, stream, arrivals, send, numbers };
}

describe('a stream of a WebSocket', () => {
  test('takes its delay, and no more bytes than its rate', () => {
    const { scheduler, stream, arrivals, send } = newStream({ delay: 30, rate: 10_000 });
    for (let number = 0; number < 3; number++) send(number);
    expect(stream.waiting).toBe(300);
    scheduler.runUntil(15);
    expect(stream.waiting).toBe(150);
    scheduler.runUntil(1_000);
    expect(arrivals).toEqual([0, 1, 2].map((number) => ({ number, at: 30 + 10 * (number + 1) })));
    expect(stream.waiting).toBe(0);
  });

  test('lets everything wait behind what was lost, and loses nothing', () => {
    const { scheduler, arrivals, send, numbers } = newStream({ delay: 30, loss: 0.2 });
    const count = 500;
    for (let number = 0; number < count; number++) {
      send(number);
      scheduler.runUntil(10 * (number + 1));
    }
    scheduler.runUntil(100_000);
    expect(numbers()).toEqual(Array.from({ length: count }, (_, number) => number));
    const waits = arrivals.map(({ number, at }) => at - 10 * number);
    expect(Math.min(...waits)).toBe(30);
    // A fifth is lost, and each loss holds up what is sent in 200 ms.
    expect(waits.filter((wait) => wait > 30).length).toBeGreaterThan(count / 2);
    expect(waits).toContain(230);
  });

  test('keeps what arrives while its path is down, and nothing after its end', () => {
    const { scheduler, path, stream, send, numbers } = newStream({ delay: 30 });
    path.isUp = false;
    send(0);
    send(1);
    scheduler.runUntil(1_000);
    expect(numbers()).toEqual([]);
    path.isUp = true;
    stream.release();
    send(2);
    scheduler.runUntil(2_000);
    expect(numbers()).toEqual([0, 1, 2]);
    send(3);
    stream.kill();
    scheduler.runUntil(3_000);
    expect(numbers()).toEqual([0, 1, 2]);
  });

  test.each([{ delay: -1 }, { rate: 0 }, { loss: 1 }, { idleTimeout: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => new WebPath(options)).toThrow(RangeError);
      expect(() => new WebPath(options)).toThrow(Object.keys(options)[0]);
    },
  );
});

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ArrivalQueue } from '../../src/socket/arrivalQueue.js';
import { PortBinding } from '../../src/socket/portBinding.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

const FROM = { address: '::1', family: 'IPv6', port: 1, size: 1 } as const;

describe('events of a port that counts its turns', () => {
  let port: { turn: number };
  let queue: ArrivalQueue;
  let passed: string[];
  let binding: PortBinding;
  let timers: ReturnType<typeof vi.spyOn>;

  beforeEach(() => {
    vi.useFakeTimers();
    timers = vi.spyOn(globalThis, 'setImmediate');
    port = { turn: 1 };
    queue = new ArrivalQueue();
    queue.attach(port);
    passed = [];
    const receiver = {
      received: (message: Buffer) => passed.push(message.toString()),
      refused: (code: string) => passed.push(code),
    };
    binding = new PortBinding(receiver, {
      place: { kind: 'loopback' },
      port: 1,
      reuseAddress: false,
      receiveBufferSize: 1,
    });
    return () => {
      timers.mockRestore();
      vi.useRealTimers();
    };
  });

  function arrive(...messages: readonly string[]): void {
    for (const message of messages) {
      queue.push({ binding, message: Buffer.from(message), from: FROM });
    }
    queue.flush();
  }

  test('are passed on at once in each, without a turn of our own', () => {
    arrive('one');
    port.turn++;
    arrive('two');
    port.turn++;
    arrive('three');
    expect(passed).toEqual(['one', 'two', 'three']);
    expect(timers).not.toHaveBeenCalled();
  });

  test('wait for turns of their own when the turn is used', () => {
    arrive('one', 'two');
    arrive('three');
    expect(passed).toEqual(['one']);
    expect(timers).toHaveBeenCalledTimes(2);
    vi.runAllTimers();
    expect(passed).toEqual(['one', 'two', 'three']);
  });

  test('do not overtake those that wait', () => {
    arrive('one', 'two');
    port.turn++;
    arrive('three');
    expect(passed).toEqual(['one']);
    vi.runAllTimers();
    expect(passed).toEqual(['one', 'two', 'three']);
    port.turn++;
    arrive('four');
    expect(passed.at(-1)).toBe('four');
  });

  test('are no more passed on in a turn after those that waited', () => {
    arrive('one', 'two');
    vi.runAllTimers();
    arrive('three');
    expect(passed).toEqual(['one', 'two']);
    vi.runAllTimers();
    expect(passed).toEqual(['one', 'two', 'three']);
  });

  test('are dropped with the queue', () => {
    arrive('one', 'two');
    queue.clear();
    vi.runAllTimers();
    expect(passed).toEqual(['one']);
  });
});

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { race } from '../../src/selection/happyEyeballs.js';
import { interleave } from '../../src/selection/interleave.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

/** An attempt whose fate the test decides. */
function attempt(name: string) {
  const state = {
    name,
    startedAt: -1,
    signal: null as AbortSignal | null,
    succeed: (_: string): void => undefined,
    fail: (_: Error): void => undefined,
    run: (signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        state.startedAt = Date.now();
        state.signal = signal;
        state.succeed = resolve;
        state.fail = reject;
      }),
  };
  return state;
}

describe('race, in virtual time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('starts an attempt every 250 ms while none has succeeded, and then aborts the others', async () => {
    const all = ['a', 'b', 'c'].map(attempt);
    const won = race(all.map(({ run }) => run));
    await vi.advanceTimersByTimeAsync(600);
    expect(all.map(({ startedAt }) => startedAt)).toEqual([0, 250, 500]);
    all[1]!.succeed('b');
    expect(await won).toBe('b');
    expect(all.map(({ signal }) => signal?.aborted)).toEqual([true, false, true]);
  });

  test('starts no second attempt when the first succeeds in time', async () => {
    const all = ['a', 'b'].map(attempt);
    const won = race(all.map(({ run }) => run));
    await vi.advanceTimersByTimeAsync(249);
    all[0]!.succeed('a');
    expect(await won).toBe('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(all[1]!.startedAt).toBe(-1);
  });

  test('starts the next attempt at once after a failure, with a delay of its own', async () => {
    const all = ['a', 'b', 'c'].map(attempt);
    const won = race(all.map(({ run }) => run));
    await vi.advanceTimersByTimeAsync(100);
    all[0]!.fail(new Error('refused'));
    await vi.advanceTimersByTimeAsync(300);
    expect(all.map(({ startedAt }) => startedAt)).toEqual([0, 100, 350]);
    all[2]!.succeed('c');
    expect(await won).toBe('c');
  });

  test('rejects with all errors in the order of the attempts, with the code of the first', async () => {
    const all = ['a', 'b'].map(attempt);
    const won = race(all.map(({ run }) => run)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(300);
    all[1]!.fail(Object.assign(new Error('b failed'), { code: 'EB' }));
    all[0]!.fail(Object.assign(new Error('a failed'), { code: 'EA' }));
    const error = await won;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      code: 'EA',
      errors: [{ message: 'a failed' }, { message: 'b failed' }],
    });
  });

  test('treats an attempt that throws as one that failed', async () => {
    const thrower = (): Promise<string> => {
      throw new Error('at once');
    };
    expect(await race([thrower, () => 'next'])).toBe('next');
  });

  test('discards results after the end', async () => {
    const all = ['a', 'b'].map(attempt);
    const discard = vi.fn();
    const won = race(
      all.map(({ run }) => run),
      { discard },
    );
    await vi.advanceTimersByTimeAsync(250);
    all[0]!.succeed('a');
    all[1]!.succeed('b');
    expect(await won).toBe('a');
    expect(discard.mock.calls).toEqual([['b']]);
  });

  test('rejects with the reason of the signal, and starts nothing more', async () => {
    const all = ['a', 'b'].map(attempt);
    const controller = new AbortController();
    const discard = vi.fn();
    const won = race(
      all.map(({ run }) => run),
      { signal: controller.signal, discard },
    ).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await won).toBe(reason);
    expect(all[0]!.signal).toMatchObject({ aborted: true, reason });
    all[0]!.succeed('late');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(discard.mock.calls).toEqual([['late']]);
    expect(all[1]!.startedAt).toBe(-1);
  });

  test('starts nothing when the signal is aborted already', async () => {
    const only = attempt('a');
    const signal = AbortSignal.abort(new Error('before'));
    await expect(race([only.run], { signal })).rejects.toThrow('before');
    expect(only.startedAt).toBe(-1);
  });

  test('refuses delays that RFC 8305 forbids, and an empty list of attempts', async () => {
    for (const delay of [0, 9, 2_001, Number.NaN]) {
      await expect(race([() => 1], { delay })).rejects.toMatchObject({ field: 'delay' });
    }
    await expect(race([])).rejects.toBeInstanceOf(RangeError);
  });

  test('uses another delay', async () => {
    const all = ['a', 'b'].map(attempt);
    const won = race(
      all.map(({ run }) => run),
      { delay: 10 },
    );
    await vi.advanceTimersByTimeAsync(10);
    all[1]!.succeed('b');
    expect(await won).toBe('b');
    expect(all[1]!.startedAt).toBe(10);
  });
});

describe('race, with requests over UDP', () => {
  const sockets: Socket[] = [];

  async function bind(): Promise<Socket> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  test('resolves with the response of the server that answers', async () => {
    const [silent, echo] = [await bind(), await bind()];
    echo.on('message', (message, { port, address }) => echo.send(message, port, address));
    const query =
      (server: Socket) =>
      async (signal: AbortSignal): Promise<number> => {
        const socket = await bind();
        socket.send('hello?', server.address().port, '127.0.0.1');
        await once(socket, 'message', { signal });
        return server.address().port;
      };
    expect(await race([query(silent), query(echo)], { delay: 20 })).toBe(echo.address().port);
  });
});

describe('interleave', () => {
  test('takes from each kind in turn, starting with the kind of the first item', () => {
    const items = ['a1', 'a2', 'a3', 'b1', 'c1', 'c2'];
    expect(interleave(items, (item) => item[0])).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    expect(interleave([], () => 0)).toEqual([]);
  });
});

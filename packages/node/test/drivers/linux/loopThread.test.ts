import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadLibc } from '../../../src/drivers/kernel/libc.js';
import { LoopThread, type LoopThreadListener } from '../../../src/drivers/linux/loopThread.js';
import { workerFile } from '../../../src/drivers/linux/workerFile.js';
import type { StartError } from '../../../src/errors.js';

vi.mock('../../../src/drivers/linux/workerFile.js', () => ({ workerFile: vi.fn() }));

const isLinux = process.platform === 'linux';
if (!isLinux) console.warn('the thread of the Linux driver: skipped, needs Linux');

const SETUP = {
  machine: { kind: 'router', profile: {}, options: {} },
  udp: -1,
  tun: -1,
  tunFeatures: { virtioHeader: false, udpSegmentation: false },
  udpSegmentation: false,
} as unknown as Parameters<typeof LoopThread.start>[1];

/** Start of every worker of these tests: it can answer as the real one does. */
const PRELUDE = `
  import { once } from 'node:events';
  import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
  const [setup] = await once(parentPort, 'message');
  const shared = new Int32Array(setup.shared);
  const { requests } = setup;
  const next = () => receiveMessageOnPort(requests)?.message;
  const answer = ({ id }, message) => {
    requests.postMessage({ id, answer: message });
    Atomics.add(shared, 0, 1);
    Atomics.notify(shared, 0);
  };
  const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const notify = (notice) => parentPort.postMessage(notice);
`;

describe.skipIf(!isLinux)('LoopThread', () => {
  let folder: string;
  let thread: LoopThread | null;
  let died: StartError[];
  let events: unknown[];

  /** Starts a thread that runs this code. */
  async function start(code: string): Promise<LoopThread> {
    const file = join(folder, 'worker.mjs');
    writeFileSync(file, PRELUDE + code);
    vi.mocked(workerFile).mockReturnValue(pathToFileURL(file));
    const listener: LoopThreadListener = {
      event: (event) => events.push(event),
      gone: () => events.push('gone'),
      died: (error) => died.push(error),
    };
    thread = await LoopThread.start(await loadLibc(), SETUP, listener);
    return thread;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-thread-'));
    thread = null;
    died = [];
    events = [];
  });

  afterEach(async () => {
    await thread?.close();
    rmSync(folder, { recursive: true });
  });

  test('answers while the caller waits, although the thread never returns to its event loop', async () => {
    const running = await start(`
      notify({ type: 'ready' });
      while (shared[1] === 0) {
        for (let one = next(); one !== undefined; one = next()) {
          answer(one, { ok: true, value: one.request.fd + 1 });
        }
        sleep(1);
      }
    `);
    expect(running.request({ type: 'lan', fd: 1 })).toBe(2);
    expect(running.request({ type: 'lan', fd: 2 })).toBe(3);
    await running.close();
    expect(died).toEqual([]);
  });

  test('throws the complaints of the machine about arguments', async () => {
    const running = await start(`
      notify({ type: 'ready' });
      const argument = { field: 'router', found: 'x', expected: 'y' };
      while (shared[1] === 0) {
        const one = next();
        if (one !== undefined) answer(one, { ok: false, error: { message: '', argument, code: null } });
        sleep(1);
      }
    `);
    expect(() => running.request({ type: 'counters' })).toThrow(
      new InvalidArgumentError('router', 'x', 'y'),
    );
  });

  test('passes on events, and the removal of the interface', async () => {
    await start(`
      notify({ type: 'ready' });
      notify({ type: 'event', event: { type: 'made-up' } });
      notify({ type: 'gone' });
    `);
    await vi.waitFor(() => expect(events).toEqual([{ type: 'made-up' }, 'gone']));
  });

  test('rejects the start when the machine refuses an option', async () => {
    const argument = `{ field: 'lanip', found: '0', expected: 'more' }`;
    await expect(
      start(
        `notify({ type: 'refused', error: { message: '', argument: ${argument}, code: null } });`,
      ),
    ).rejects.toThrow('lanip: found 0, expected more');
  });

  test.each([
    ['throws', `throw new Error('out of order');`, 'out of order'],
    ['ends', 'process.exit(3);', 'exit code 3'],
  ])('rejects the start when the thread %s', async (_, code, why) => {
    await expect(start(code)).rejects.toMatchObject({
      code: 'EPIPE',
      message: `the thread that carries packets ended: ${why}`,
    });
  });

  test('reports once that the thread died, and gives no answer afterwards', async () => {
    const running = await start(`
      notify({ type: 'ready' });
      setTimeout(() => { throw new TypeError('a fault'); }, 20);
    `);
    await vi.waitFor(() => expect(running.isOver).toBe(true));
    await running.close();
    expect(died.map(({ message }) => message)).toEqual([
      'the thread that carries packets ended: a fault',
    ]);
    expect(() => running.request({ type: 'counters' })).toThrow('has ended');
  });

  test('does not keep a caller waiting when the thread ends instead of answering', async () => {
    const running = await start(`
      notify({ type: 'ready' });
      while (next() === undefined) sleep(1);
      Atomics.store(shared, 2, 1);
      Atomics.add(shared, 0, 1);
      Atomics.notify(shared, 0);
    `);
    const before = performance.now();
    expect(() => running.request({ type: 'counters' })).toThrow('has ended');
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('never takes a late answer for that of the next request', { timeout: 30_000 }, async () => {
    const running = await start(`
      notify({ type: 'ready' });
      let late = null;
      while (shared[1] === 0) {
        const one = next();
        if (one?.request.type === 'remotes') late = one;
        else if (one !== undefined) {
          if (late !== null) answer(late, { ok: true, value: 'late' });
          late = null;
          answer(one, { ok: true, value: one.request.type });
        }
        sleep(1);
      }
    `);
    const waitInVain = (): number => {
      const before = performance.now();
      expect(() => running.request({ type: 'remotes' })).toThrow('gives no answer');
      return performance.now() - before;
    };
    expect(running.request({ type: 'uplinks' })).toBe('uplinks');
    const first = waitInVain();
    // Whoever asks again meanwhile does not wait as long.
    expect(waitInVain()).toBeLessThan(first / 2);
    expect(running.request({ type: 'counters' })).toBe('counters');
    expect(running.request({ type: 'uplinks' })).toBe('uplinks');
  });

  test('terminates a thread that does not end by itself', { timeout: 10_000 }, async () => {
    const running = await start(`notify({ type: 'ready' }); for (;;) sleep(10);`);
    await running.close();
    expect(running.isOver).toBe(true);
    expect(died).toEqual([]);
  });
});

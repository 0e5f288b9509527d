import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  endEarlyThread,
  startThreadEarly,
  takeThread,
} from '../../../src/drivers/linux/earlyThread.js';
import { workerFile } from '../../../src/drivers/linux/workerFile.js';

vi.mock('../../../src/drivers/linux/workerFile.js', () => ({ workerFile: vi.fn() }));

describe('a thread that is started early', () => {
  let folder: string;
  const threads: Worker[] = [];

  const use = (code: string): void => {
    const file = join(folder, 'worker.mjs');
    writeFileSync(file, `import { parentPort } from 'node:worker_threads';\n${code}`);
    vi.mocked(workerFile).mockReturnValue(pathToFileURL(file));
  };
  const take = (): Worker => {
    const thread = takeThread();
    thread.on('error', () => {});
    threads.push(thread);
    return thread;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-early-'));
  });
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
    rmSync(folder, { recursive: true });
  });

  test('is taken once, and gets its set-up then', async () => {
    use(`parentPort.once('message', (setup) => parentPort.postMessage(setup + 1));`);
    startThreadEarly();
    startThreadEarly();
    const started = vi.mocked(workerFile).mock.calls.length;
    const first = take();
    expect(vi.mocked(workerFile).mock.calls.length).toBe(started);
    const second = take();
    expect(second).not.toBe(first);
    for (const [index, thread] of [first, second].entries()) {
      const answer = new Promise((resolve) => thread.once('message', resolve));
      thread.postMessage(index);
      expect(await answer).toBe(index + 1);
    }
  });

  test('ends where the daemon has another driver', async () => {
    use(`parentPort.once('message', () => {});`);
    startThreadEarly();
    endEarlyThread();
    const started = vi.mocked(workerFile).mock.calls.length;
    take();
    expect(vi.mocked(workerFile).mock.calls.length).toBe(started + 1);
    endEarlyThread();
  });

  test('is taken by another copy of this module', async () => {
    use(`parentPort.once('message', (setup) => parentPort.postMessage(setup + 1));`);
    startThreadEarly();
    const started = vi.mocked(workerFile).mock.calls.length;
    vi.resetModules();
    const copy = await import('../../../src/drivers/linux/earlyThread.js');
    expect(copy.takeThread).not.toBe(takeThread);
    threads.push(copy.takeThread());
    expect(vi.mocked(workerFile).mock.calls.length).toBe(started);
  });

  test('is forgotten when it fails before it is taken', async () => {
    use(`throw new Error('no such thing');`);
    startThreadEarly();
    const started = vi.mocked(workerFile).mock.calls.length;
    await vi.waitFor(() => {
      startThreadEarly();
      expect(vi.mocked(workerFile).mock.calls.length).toBeGreaterThan(started);
    });
    take();
  });
});

import { scrypt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdTime, simulate } from '../../node/index.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), '6bed4-simulate-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Whether time stood still during some work, while an event of the simulation was waiting. */
async function standsStill(work: () => Promise<unknown>): Promise<boolean> {
  return simulate({ limit: 1e9 }, async (net) => {
    const ticking = setInterval(() => {}, 1);
    await net.sleep(10);
    const before = net.now;
    await work();
    clearInterval(ticking);
    return net.now === before;
  });
}

describe('virtual time stands still', () => {
  test('while files are written and read', async () => {
    const path = join(folder, 'file');
    const bytes = Buffer.alloc(3_000_000, 1);
    const work = async (): Promise<void> => {
      await writeFile(path, bytes);
      for (let count = 0; count < 10; count++) await readFile(path);
      for await (const piece of createReadStream(path)) expect(piece.length).toBeGreaterThan(0);
    };
    expect(await standsStill(work)).toBe(true);
  });

  test('while names are looked up', async () => {
    expect(await standsStill(() => lookup('localhost'))).toBe(true);
  });

  test('while a worker that keeps the process alive works', async () => {
    const program = `require('node:worker_threads').parentPort.on('message', (ms) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      require('node:worker_threads').parentPort.postMessage('done');
    })`;
    const worker = new Worker(program, { eval: true });
    await once(worker, 'online');
    worker.unref();
    const work = async (): Promise<void> => {
      worker.ref();
      worker.postMessage(30);
      expect(await once(worker, 'message')).toEqual(['done']);
      worker.unref();
    };
    expect(await standsStill(work)).toBe(true);
    await worker.terminate();
  });

  test('while it is held for threads inside Node.js', async () => {
    const derive = (): Promise<unknown> => promisify(scrypt)('password', 'salt', 64);
    const compress = (): Promise<Buffer> => promisify(gzip)(Buffer.alloc(20_000_000, 'x'));
    expect(await standsStill(() => holdTime(derive()))).toBe(true);
    expect(await standsStill(() => holdTime(compress()))).toBe(true);
    const failing = () => holdTime(Promise.reject(new Error('no'))).catch(() => {});
    expect(await standsStill(failing)).toBe(true);
  });

  test('while anything is left to process.nextTick, setImmediate and promises', async () => {
    const work = async (): Promise<void> => {
      for (let count = 0; count < 50; count++) {
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => process.nextTick(() => queueMicrotask(() => resolve(0))));
        await new Promise((resolve) => setImmediate(() => process.nextTick(resolve)));
      }
    };
    expect(await standsStill(work)).toBe(true);
  });
});

test('virtual time goes on while threads work that nothing holds it for', async () => {
  const derive = (): Promise<unknown> => promisify(scrypt)('password', 'salt', 64);
  expect(await standsStill(derive)).toBe(false);
});

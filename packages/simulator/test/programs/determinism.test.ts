import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
// @ts-expect-error it also is a program of its own
import { tracedRun } from './support/tracedRun.mjs';

const PROGRAM = fileURLToPath(new URL('support/tracedRun.mjs', import.meta.url));

async function inProcess(seed: number): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, String(seed)]);
  return stdout.trim();
}

test('the same seed gives the same trace, twice in this process and in two others', async () => {
  const first = await tracedRun(7);
  expect(Number.parseInt(first, 10)).toBeGreaterThan(1_000);
  expect(await tracedRun(7)).toBe(first);
  expect(await Promise.all([inProcess(7), inProcess(7)])).toEqual([first, first]);
});

test('another seed gives another trace', async () => {
  expect(await tracedRun(8)).not.toBe(await tracedRun(9));
});

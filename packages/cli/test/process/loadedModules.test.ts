import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild, startIn } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Writes what a program has loaded into a file when it ends. */
const RECORDER = `
const { writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');
if (isMainThread) process.on('exit', () => writeFileSync(process.env.RECORD, JSON.stringify({
  files: Object.keys(require.cache),
  builtin: process.moduleLoadList,
})));`;

/** What these daemons need of others, beside the calls of the system. */
const PACKAGES = ['commander', 'picocolors'];
const SYSTEM_CALLS = '@koromix/';
/** Parts of Node.js that cost milliseconds and megabytes, and that no router and no peer needs. */
const NEEDLESS = ['assert', 'http', 'https', 'http2', 'tls', 'zlib', 'readline', 'stream/web'];

beforeAll(requireBuild);

describe.runIf(process.platform === 'linux')('without a configuration file', () => {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-modules-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['router', '--listen'],
    ['peer', '--router'],
  ])('a %s loads nothing that it does not need', async (role, option) => {
    const recorder = join(folder, 'recorder.cjs');
    const record = join(folder, `${role}.json`);
    writeFileSync(recorder, RECORDER);
    const env = { NODE_OPTIONS: `--require ${recorder}`, RECORD: record };
    const words = [role, option, '127.0.0.1', '--no-tun', '--no-control', '--allow-loopback'];
    const daemon = startIn(env, ...words, '--port', String(await freePort()));
    await daemon.waitForLine(/^ready|^asking/);
    await daemon.stop();
    const { files, builtin } = JSON.parse(readFileSync(record, 'utf8')) as {
      files: string[];
      builtin: string[];
    };
    const packages = files
      .flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
      .filter((name) => !name.startsWith(SYSTEM_CALLS));
    expect([...new Set(packages)].sort()).toEqual(PACKAGES);
    expect(NEEDLESS.filter((name) => builtin.includes(`NativeModule ${name}`))).toEqual([]);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild, run, startIn } from '@6bed4/testing/command';
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
const PACKAGES = ['commander', 'koffi', 'picocolors'];
const SYSTEM_CALLS = '@koromix/';
/** Parts of Node.js that cost milliseconds and megabytes, and that no router and no peer needs. */
const NEEDLESS = ['assert', 'http', 'https', 'http2', 'tls', 'zlib', 'readline', 'stream/web'];

beforeAll(requireBuild);

/** What reads configuration files. */
const CONFIG_PACKAGES = ['eslint-visitor-keys', 'toml-eslint-parser'];

describe.runIf(process.platform === 'linux')('without a tunnel for programs', () => {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-modules-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['router', '--listen', false],
    ['peer', '--router', false],
    ['router', '--listen', true],
  ])(
    'a %s by %s loads nothing that it does not need, with a file: %s',
    async (role, option, hasFile) => {
      const recorder = join(folder, 'recorder.cjs');
      const record = join(folder, `${role}.json`);
      writeFileSync(recorder, RECORDER);
      const env = { NODE_OPTIONS: `--require ${recorder}`, RECORD: record };
      const words = [option, '127.0.0.1', '--no-tun', '--no-control', '--allow-loopback'];
      const file = join(folder, 'both.toml');
      writeFileSync(file, '[router]\n[peer]\nrouter = "192.0.2.1"\n', { mode: 0o600 });
      if (hasFile) words.push('--config', file);
      const daemon = startIn(env, role, ...words, '--port', String(await freePort()));
      await daemon.waitForLine(/^ready|^asking/);
      await daemon.stop();
      const expected = hasFile ? [...PACKAGES, ...CONFIG_PACKAGES].sort() : PACKAGES;
      const { files, builtin } = JSON.parse(readFileSync(record, 'utf8')) as {
        files: string[];
        builtin: string[];
      };
      const packages = files
        .flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
        .filter((name) => !name.startsWith(SYSTEM_CALLS));
      expect([...new Set(packages)].sort()).toEqual(expected);
      expect(NEEDLESS.filter((name) => builtin.includes(`NativeModule ${name}`))).toEqual([]);
    },
  );
});

describe('a configuration file with a table for another daemon', () => {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-tables-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['[proxy]\nsocks = "x"', '4: socks: found "x", expected '],
    ['[serve]\nservice = "80"', '4: service: found "80", expected '],
    ['[pear]', '3: found [pear], expected one of [router], [gateway], [peer], [proxy], [serve]'],
  ])('that is faulty, as %j, is refused', async (table, message) => {
    const file = join(folder, 'faulty.toml');
    writeFileSync(file, `[router]\nlisten = "127.0.0.1"\n${table}\n`, { mode: 0o600 });
    const { code, stderr } = await run('router', '--no-tun', '--config', file);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${file}:${message}`)]);
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { publicPackages } from '../../pack.mjs';

const DRY = fileURLToPath(new URL('../dry.mjs', import.meta.url));
const run = promisify(execFile);
const names = Object.keys(publicPackages());

describe('npm run release:dry', () => {
  test('installs and uses what would be published, and says what that is', async () => {
    const folder = mkdtempSync(join(tmpdir(), '6bed4-dry-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { stdout } = await run(process.execPath, [DRY, '--out', folder]);
    for (const name of ['README.md', ...names.filter((name) => name.startsWith('@'))]) {
      expect(stdout).toContain(`ok    first program of ${name}\n`);
    }
    expect(stdout).toContain('ok    the command: a router, a peer, and a ping\n');
    const order = readFileSync(join(folder, 'order'), 'utf8').trim().split('\n');
    const version = readFileSync(join(folder, 'version'), 'utf8').trim();
    for (const name of names) {
      expect(stdout).toMatch(new RegExp(`^${name} +${version} +latest +\\d`, 'm'));
      const archive = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
      expect(order).toContain(archive);
      expect(stdout).toMatch(new RegExp(`^${archive} +sha512-\\S{88}$`, 'm'));
    }
    expect(readdirSync(folder).sort()).toEqual([...order, 'notes.md', 'order', 'version'].sort());
    expect(readFileSync(join(folder, 'notes.md'), 'utf8')).toContain('## @6bed4/codec\n');
  }, 600_000);

  test('keeps its archives in an empty folder only', async () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    await expect(run(process.execPath, [DRY, '--out', folder])).rejects.toThrow('is not empty');
  });

  test('takes no other argument', async () => {
    await expect(run(process.execPath, [DRY, 'now'])).rejects.toMatchObject({ code: 2 });
  });
});

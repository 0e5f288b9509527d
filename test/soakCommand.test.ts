import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PARTS } from '../scripts/soak/parts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'scripts/soak/main.mjs');

function soak(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

describe('npm run soak', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-soak-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('shows its options', () => {
    const { status, stdout } = soak('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/--hours N.*--seed N.*--only PART.*--out FILE/s);
  });

  test.each([
    [['--hours', '0'], '--hours: 0'],
    [['--hours', 'many'], '--hours: many'],
    [['--seed', '1.5'], '--seed: 1.5'],
    [['--only', 'half'], '--only: half'],
    [['--other'], '--other'],
  ])('refuses %j', (args, message) => {
    const { status, stderr, stdout } = soak(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test.each(Object.entries(PARTS))('finds the tests of %s', (_, { arguments: args }) => {
    const list = ['vitest', 'list', '--filesOnly', '--json', ...args];
    const { stdout } = spawnSync('npx', list, { cwd: root, encoding: 'utf8' });
    const found = JSON.parse(stdout).map(({ file }: { file: string }) => file);
    for (const path of args.filter((arg) => arg.startsWith('test/'))) {
      expect(found).toContainEqual(expect.stringContaining(path));
    }
  });

  test('writes a report of all that it measured', { timeout: 120_000 }, () => {
    const file = join(folder, 'report.json');
    const short = ['--only', 'sim', '--hours', '0.02', '--seed', '1'];
    const { status, stdout } = soak(...short, '--out', file);
    expect(status).toBe(0);
    const { verdict, seed, reports } = JSON.parse(readFileSync(file, 'utf8'));
    expect({ verdict, seed }).toEqual({ verdict: 'all as promised', seed: 1 });
    expect(reports[0].samples.length).toBeGreaterThan(0);
    expect(stdout).toMatch(/^# Soak: all as promised\n/);
    expect(stdout).toMatch(/\| after .*\| traffic .*\| n .*\| median .*\| p95 .*\| max .*\| bound/);
  });
});

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const reporter = join(root, 'scripts', 'summaryReporter.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), '6bed4-summary-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs projects, given as the text of their files by path; returns the exit code and the lines. */
function run(projects: readonly string[], files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const config = projects.map((name) => ({ root: name, test: { name, globals: true } }));
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `import { SummaryReporter } from ${JSON.stringify(reporter)};
     export default { test: {
       reporters: [new SummaryReporter()], projects: ${JSON.stringify(config)}
     } };`,
  );
  return new Promise<{ code: unknown; lines: string[] }>((resolve) => {
    execFile(process.execPath, [vitest, 'run', '--root', folder], (error, stdout) => {
      resolve({ code: error?.code ?? 0, lines: stdout.trimEnd().split('\n') });
    });
  });
}

describe('the summary of a run', () => {
  test('counts tests by project and ends with the sum', async () => {
    const { code, lines } = await run(['one', 'two'], {
      'one/a.test.ts': `test('a', () => {}); describe('b', () => { test('c', () => {}); });`,
      'two/a.test.ts': `test('d', () => {}); test.skip('e', () => {});`,
    });
    expect(code).toBe(0);
    expect(lines.find((line) => line.startsWith('one'))).toMatch(/^one +2 +0 +0 +\d/);
    expect(lines.find((line) => line.startsWith('two'))).toMatch(/^two +1 +0 +1 +\d/);
    expect(lines.at(-1)).toBe('3 passed, 0 failed');
  });

  test('names what was skipped, and the reason where a title holds one', async () => {
    const { lines } = await run(['one'], {
      'one/a.test.ts': `describe('a', () => {
        describe.skip('b (skipped: no c)', () => { test('d', () => {}); test('e', () => {}); });
        test.skip('f', () => {}); test.todo('g');
      });
      test('h', () => {});`,
    });
    expect(lines).toContain('skipped in one: 2 × b (no c)');
    expect(lines).toContain('skipped in one: 2 × a');
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
  });

  test('names what passed only when it was repeated, and counts it once', async () => {
    const { code, lines } = await run(['one'], {
      'one/a.test.ts': `let attempts = 0;
        test('a', { retry: 1 }, () => { if (++attempts < 2) throw new Error('b'); });
        test('c', { retry: 1 }, () => {});
        test('d', { retry: 1 }, () => { throw new Error('e'); });`,
    });
    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith('passed when'))).toEqual([
      'passed when repeated in one: a',
    ]);
    expect(lines).toContain('failed in one: d');
    expect(lines.at(-1)).toBe('2 passed, 1 failed');
  });

  test('counts what fails, in tests and outside', async () => {
    const { code, lines } = await run(['one', 'empty'], {
      'empty/readme.md': '',
      'one/a.test.ts': `describe('a', () => { test('b', () => { throw new Error('c'); }); });`,
      'one/d.test.ts': `import './missing.js';`,
      'one/e.test.ts': `test('f', () => { setTimeout(() => { throw new Error('g'); }); });
        test('h', () => new Promise((resolve) => setTimeout(resolve, 50)));`,
    });
    expect(code).toBe(1);
    expect(lines).toContain('failed in one: a > b');
    expect(lines).toContain('failed in empty: the project holds no test');
    expect(lines).toContain('failed in outside tests: g');
    expect(lines.find((line) => line.startsWith('failed in one: d.test.ts: '))).toBeDefined();
    expect(lines.at(-1)).toBe('2 passed, 4 failed');
  });

  test('counts a run that ends before its time as a failure', async () => {
    const { code, lines } = await run(['one'], {
      'one/a.test.ts': `test('a', () => { process.kill(process.ppid); return new Promise(() => {}); });`,
    });
    expect(code).not.toBe(0);
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
  });
});

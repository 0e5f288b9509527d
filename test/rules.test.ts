import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const portable = ['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'simulator'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), '6bed4-rules-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Runs a tool of the workspace on the folder of the test. */
function run(tool: string, ...args: string[]): string {
  const file = join(root, 'node_modules', tool);
  return spawnSync(process.execPath, [file, ...args], { cwd: folder, encoding: 'utf8' }).stdout;
}

/** What Biome finds by a rule in files of the workspace: `path:line`. */
function findings(rule: string, files: Readonly<Record<string, string>>): string[] {
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  for (const [path, text] of Object.entries(files)) write(path, text);
  const options = ['--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none'];
  const { diagnostics } = JSON.parse(
    run('@biomejs/biome/bin/biome', 'lint', ...options, `--only=${rule}`, '.'),
  ) as { diagnostics: { location: { path: string; start: { line: number } } }[] };
  return diagnostics.map(({ location }) => `${location.path}:${location.start.line}`).sort();
}

describe('a portable package', () => {
  test.each(portable)('%s names nothing of a platform', (name) => {
    const globals = ['Buffer', 'process', 'setTimeout', 'console', 'performance', 'fetch', 'URL'];
    write('package.json', '{ "type": "module" }');
    write(
      'file.ts',
      `import 'node:fs';\nimport type {} from 'dgram';\nimport.meta.url;\n${globals.join(';\n')};\n`,
    );
    write(
      'tsconfig.json',
      JSON.stringify({
        extends: join(root, 'packages', name, 'tsconfig.src.json'),
        include: ['file.ts'],
      }),
    );
    const lines = run('typescript/bin/tsc', '-p', '.', '--pretty', 'false').match(
      /^file\.ts\(\d+/gm,
    );
    expect(lines).toEqual(
      Array.from({ length: 3 + globals.length }, (_, index) => `file.ts(${index + 1}`),
    );
  });

  test.each(portable)('%s calls nothing that engines of phones lack', (name) => {
    const missing = ['[1].at(-1)', "'a'.at(-1)", 'Object.hasOwn({}, 1)', 'new WeakRef({})'];
    const all = [...missing, "'a'.replaceAll('a', '')"];
    write('package.json', '{ "type": "module" }');
    write('file.ts', `${all.join(';\n')};\nexport {};\n`);
    const settings = {
      extends: join(root, 'packages', name, 'tsconfig.src.json'),
      include: ['file.ts'],
    };
    write('tsconfig.json', JSON.stringify(settings));
    const lines = run('typescript/bin/tsc', '-p', '.', '--pretty', 'false').match(
      /^file\.ts\(\d+/gm,
    );
    expect(lines).toEqual(['1', '2', '3', '4'].map((line) => `file.ts(${line}`));
  });

  test.each(portable)('%s uses neither a clock nor the global object', (name) => {
    const path = `packages/${name}/src/file.ts`;
    const text = `export const now = Date.now();
      export function f(date: Date): string { return Intl.DateTimeFormat().format(date); }
      export const all = globalThis;
      export function g(relay: { Date: number }): number { return relay.Date; }`;
    const found = [`${path}:1`, `${path}:2`, `${path}:2`, `${path}:3`];
    expect(findings('style/noRestrictedGlobals', { [path]: text })).toEqual(found);
  });

  test.each(portable)('%s draws no random numbers', (name) => {
    const path = `packages/${name}/src/file.ts`;
    const text = `export const chance = Math.random();
      export const other = Math['random']();
      export const { random } = Math;
      export const fine = Math.floor(1);`;
    const found = [`${path}:1`, `${path}:2`, `${path}:3`];
    expect(findings('nursery/noJsRestrictedProperties', { [path]: text })).toEqual(found);
  });

  test.each(portable)('%s imports nothing by a name that is computed', (name) => {
    const path = `packages/${name}/src/file.ts`;
    const text = 'export const late = (name: string) => import(name);';
    expect(findings('nursery/noDynamicRequire', { [path]: text })).toEqual([`${path}:1`]);
  });
});

describe('the layers', () => {
  const machines = ['codec', 'nd', 'tcp', 'tunnel', 'tunnel/conformance'];
  const all = [...machines, 'gateway', 'simulator', 'node', 'testing/bytes'];

  test.each([
    ['codec', []],
    ['nd', ['codec']],
    ['tcp', ['codec', 'nd']],
    ['tunnel', ['codec', 'nd']],
    ['simulator', ['codec', 'gateway', 'nd', 'tcp', 'tunnel', 'tunnel/conformance']],
    ['gateway', ['codec', 'nd', 'tunnel']],
    ['node', ['codec', 'gateway', 'nd', 'tcp', 'tunnel', 'tunnel/conformance']],
    ['cli', ['codec', 'gateway', 'nd', 'node', 'tunnel', 'tunnel/conformance']],
    ['testing', ['codec', 'nd']],
  ] as const)('let %s import %j', (name, allowed: readonly string[]) => {
    const path = `packages/${name}/src/file.ts`;
    const text = all.map((each) => `export * from '@6bed4/${each}';\n`).join('');
    const found = all.flatMap((each, index) =>
      allowed.includes(each) ? [] : [`${path}:${index + 1}`],
    );
    expect(findings('style/noRestrictedImports', { [path]: text })).toEqual(found.sort());
  });

  test('let no package import a file of another one', () => {
    const path = 'packages/node/src/file.ts';
    const text = `export * from '../../codec/src/index.js';`;
    expect(findings('style/noRestrictedImports', { [path]: text })).toEqual([`${path}:1`]);
  });

  test('let a package import what it depends on, and nothing that only its tests need', () => {
    const path = 'packages/nd/src/file.ts';
    const found = findings('correctness/noUndeclaredDependencies', {
      [path]: `export * from 'a';\nexport * from 'b';\nexport * from 'c';`,
      'packages/nd/package.json': JSON.stringify({
        name: '@6bed4/nd',
        dependencies: { a: '1' },
        devDependencies: { b: '1' },
      }),
    });
    expect(found).toEqual([`${path}:2`, `${path}:3`]);
  });

  test('let no files import each other in a circle, not even for their types', () => {
    const found = findings('suspicious/noImportCycles', {
      'packages/nd/src/a.ts': `import type { B } from './b.js';\nexport type A = B[];`,
      'packages/nd/src/b.ts': `import type { A } from './a.js';\nexport type B = A | null;`,
    });
    expect(found).toEqual(['packages/nd/src/a.ts:1', 'packages/nd/src/b.ts:1']);
  });
});

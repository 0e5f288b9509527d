import { exec, execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackages, publicPackages } from '../scripts/pack.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const PATIENCE_MS = 15 * 60_000;

/** Runs a program in a package's folder, where the package may import itself by its name. */
async function evaluate(name: string, type: 'module' | 'commonjs', code: string): Promise<unknown> {
  const args = [`--input-type=${type}`, '--eval', code];
  const cwd = `${root}/packages/${name}`;
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return JSON.parse(stdout);
}

function manifestOf(name: string) {
  return JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));
}

/** The paths of files in `exports` and `bin` of a package.json, whatever the conditions. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value as object).flatMap(pathsIn);
}

// In this order: what comes after the build reads what it made.
describe('npm run', () => {
  test.each(['lint', 'build', 'types', 'packaging', 'knip', 'sizes', 'docs', 'api -- --check'])(
    '%s',
    async (script) => {
      const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
      const { stdout } = await promisify(exec)(`npm run ${script}`, options).catch(
        ({ message, stdout, stderr }) => {
          throw new Error(`${message}\n${stdout}${stderr}`);
        },
      );
      if (script === 'sizes') console.log(stdout);
    },
    PATIENCE_MS,
  );
});

test('the site is built after the packages that its reference and its programs are made of', () => {
  const { entryPoints } = JSON.parse(readFileSync(`${root}/typedoc.json`, 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(`${root}/site/package.json`, 'utf8'));
  const names = entryPoints.map((path: string) => path.replace('packages', '@6bed4'));
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(names));
});

describe('built packages', () => {
  const modules = ['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'node', 'simulator'].flatMap(
    (name) => {
      const manifest = manifestOf(name);
      return Object.keys(manifest.exports)
        .filter((path) => !path.endsWith('.json'))
        .map((path) => [path.replace('.', manifest.name), name] as const);
    },
  );

  test.each(modules)('%s is the same by import and by require', async (module, name) => {
    const print = 'console.log(JSON.stringify(Object.keys(loaded)))';
    const imported = await evaluate(
      name,
      'module',
      `import * as loaded from '${module}'; ${print}`,
    );
    const required = await evaluate(
      name,
      'commonjs',
      `const loaded = require('${module}'); ${print}`,
    );
    expect(imported).not.toEqual([]);
    expect(required).toEqual(imported);
    const different = await evaluate(
      name,
      'commonjs',
      `const required = require('${module}');
       import('${module}').then((imported) => {
         const names = Object.keys(imported).filter((key) => imported[key] !== required[key]);
         console.log(JSON.stringify(names));
       });`,
    );
    expect(different).toEqual([]);
  });

  test.each(modules)('%s has the same names in CommonJS', async (module, name) => {
    const { exports, name: own } = manifestOf(name);
    const { import: esModule, require: commonJs } = exports[module.replace(own, '.')];
    const missing = await evaluate(
      name,
      'commonjs',
      `const required = Object.keys(require('${commonJs.default}'));
       import('${esModule.default}').then((imported) => {
         const names = Object.keys(imported);
         const missing = names.filter((key) => !required.includes(key));
         console.log(JSON.stringify([...missing, required.length - names.length]));
       });`,
    );
    expect(missing).toEqual([0]);
  });

  test.each(['module', 'commonjs'] as const)(
    '@6bed4/node says in a browser what to use instead, as %s',
    async (type) => {
      const load = type === 'module' ? 'await import' : 'require';
      const { stderr } = await promisify(execFile)(
        process.execPath,
        [
          ...['--conditions=browser', `--input-type=${type}`, '--eval'],
          `try { ${load}('@6bed4/node') } catch (error) { console.error(error.message) }`,
        ],
        { cwd: `${root}/packages/node` },
      );
      expect(stderr).toMatch(
        /^@6bed4\/node needs Node\.js: in a browser, use @6bed4\/tunnel .*\n$/,
      );
    },
  );

  test('the command 6bed4 starts and names itself', async () => {
    const { '6bed4': path } = manifestOf('cli').bin;
    const file = `${root}/packages/cli/${path}`;
    expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--help']);
    expect(stdout).toContain('6bed4');
  });
});

describe('packed packages', () => {
  let folder: string;
  let archives: Record<string, string>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-pack-'));
    archives = packPackages(folder);
  }, PATIENCE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(Object.keys(publicPackages()))('%s holds every file that it exports', async (name) => {
    const tar = promisify(execFile);
    const { stdout: list } = await tar('tar', ['-tzf', archives[name]!]);
    const { stdout: text } = await tar('tar', ['-xzOf', archives[name]!, 'package/package.json']);
    const { exports, bin = {} } = JSON.parse(text);
    const paths = [exports, bin].flatMap(pathsIn);
    expect(paths).not.toEqual([]);
    const files = list.split('\n');
    for (const path of paths) expect(files).toContain(join('package', path));
    expect(text).not.toContain('workspace:');
  });

  test.each(Object.keys(publicPackages()))(
    '%s holds its texts, and neither maps nor sources nor tests',
    async (name) => {
      const { stdout } = await promisify(execFile)('tar', ['-tzf', archives[name]!]);
      const files = stdout.trim().split('\n');
      for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
        expect(files).toContain(`package/${file}`);
      }
      for (const file of files) expect(file).not.toMatch(/\.map$|\.test\.|\/(test|src)\//);
    },
  );
});

import { exec, execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const PATIENCE_MS = 15 * 60_000;
const IMPORT_BUDGET = 0.4;
const IMPORT_PAIRS = 25;

/** Runs a program in a package's folder, where the package may import itself by its name. */
async function evaluate(name: string, type: 'module' | 'commonjs', code: string): Promise<unknown> {
  const args = [`--input-type=${type}`, '--eval', code];
  const cwd = `${root}/packages/${name}`;
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return JSON.parse(stdout);
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
}

// In this order: what comes after the build reads what it made.
describe('npm run', () => {
  test.each(['lint', 'build', 'types', 'packaging', 'knip', 'sizes', 'docs'])(
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

describe('built packages', () => {
  const modules = ['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'node', 'simulator'].flatMap((name) => {
    const manifest = JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));
    return Object.keys(manifest.exports)
      .filter((path) => !path.endsWith('.json'))
      .map((path) => [path.replace('.', manifest.name), name] as const);
  });

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
  });

  test('the command 6bed4 starts and names itself', async () => {
    const { '6bed4': path } = JSON.parse(
      readFileSync(`${root}/packages/cli/package.json`, 'utf8'),
    ).bin;
    const file = `${root}/packages/cli/${path}`;
    expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--help']);
    expect(stdout).toContain('6bed4');
  });

  // Tools that measure this take a browser. Pairs of processes, one of which imports nothing, are
  // told apart by the time that they compute, which other processes disturb little. The start of
  // Node.js in the same pair is the yardstick: both have the same share of a clock rate that changes.
  test(`importing @6bed4/tunnel computes for less than ${IMPORT_BUDGET} of the start of Node.js`, async () => {
    const print = 'const { user, system } = process.cpuUsage(); console.log(user + system);';
    const computed = async (code: string) =>
      Number(await evaluate('tunnel', 'module', `${code}${print}`));
    const ratios: number[] = [];
    for (let pair = 0; pair < IMPORT_PAIRS; pair++) {
      const withImport = await computed(`import '@6bed4/tunnel';`);
      ratios.push(withImport / (await computed('')) - 1);
    }
    expect(median(ratios)).toBeLessThan(IMPORT_BUDGET);
  });
});

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const NODE = join(ROOT, 'packages', 'node');
const ESBUILD = join(ROOT, 'node_modules', 'esbuild', 'bin', 'esbuild');

/** Prints the driver of a router with an interface; `library` is what the package exports. */
const PROGRAM = `library.then(async ({ startRouter }) => {
  const router = await startRouter({ listen: '127.0.0.1', port: 0, tun: 'formats' });
  console.log(router.driver().name);
  await router.close();
});`;

/** What CommonJS has in place of `import.meta.url`. */
const OWN = "const own = require('node:url').pathToFileURL(__filename).href;";

describeKernel('the worker of the Linux driver', () => {
  let folder: string;

  // koffi is found from here.
  beforeAll(() => {
    folder = mkdtempSync(join(NODE, 'node_modules', '.formats-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(...argv: string[]): string {
    const script = 'ip link set lo up && exec "$@"';
    const args = ['--net', 'sh', '-c', script, 'sh', process.execPath, ...argv];
    return execFileSync('unshare', args, { cwd: NODE, encoding: 'utf8' }).trim();
  }

  test.each(['index.js', 'index.cjs'])('is found by dist/%s', (file) => {
    expect(run('--eval', `const library = import('./dist/${file}'); ${PROGRAM}`)).toBe('linux');
  });

  test.each(['esm', 'cjs'])('is found beside a bundle of format %s, if it is there', (format) => {
    const name = join(folder, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
    const options = ['--bundle', '--platform=node', `--format=${format}`, '--external:koffi'];
    if (format === 'cjs') options.push('--define:import.meta.url=own', `--banner:js=${OWN}`);
    const input = `import * as all from '@6bed4/node'; const library = Promise.resolve(all); ${PROGRAM}`;
    execFileSync(ESBUILD, [...options, `--outfile=${name}`], {
      cwd: NODE,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    expect(run(name)).toBe('portable');
    copyFileSync(join(NODE, 'dist', 'loopWorker.js'), join(folder, 'loopWorker.js'));
    expect(run(name)).toBe('linux');
    rmSync(join(folder, 'loopWorker.js'));
  });
}, ['unshare']);

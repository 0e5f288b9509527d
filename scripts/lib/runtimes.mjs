import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

/**
 * JavaScript runtimes other than Node.js that the built packages are tested on. Each is a package of
 * some 100 MB, which is why they are no dependencies: `npm run runtimes` fetches them, and `.ci/run`
 * does. The packages hold a program and run nothing when they are installed.
 */
const runtimes = {
  bun: {
    version: '1.4.5',
    packages: {
      'linux-x64': '@oven/bun-linux-x64',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-x64': '@oven/bun-darwin-x64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
      'win32-x64': '@oven/bun-windows-x64',
    },
    program: 'bin/bun',
    arguments: ['run'],
  },
  deno: {
    version: '2.9.6',
    packages: {
      'linux-x64': '@deno/linux-x64-glibc',
      'linux-arm64': '@deno/linux-arm64-glibc',
      'darwin-x64': '@deno/darwin-x64',
      'darwin-arm64': '@deno/darwin-arm64',
      'win32-x64': '@deno/win32-x64',
    },
    program: 'deno',
    arguments: ['run', '--allow-all', '--no-lock', '--no-config', '--node-modules-dir=manual'],
  },
};

const folder = join(root, '.runtimes');
const platform = `${process.platform}-${process.arch}`;
const suffix = process.platform === 'win32' ? '.exe' : '';

/** Names of the runtimes. */
export const runtimeNames = Object.keys(runtimes);

/**
 * How to run a module on a runtime: its program and the arguments before the module. The program is the
 * one that `SIXBED4_BUN` or `SIXBED4_DENO` names, or what {@link fetchRuntimes} fetched; else null.
 */
export function runtime(name) {
  const { packages, program, arguments: args } = runtimes[name];
  const given = process.env[`SIXBED4_${name.toUpperCase()}`];
  const fetched = join(folder, 'node_modules', packages[platform] ?? '', `${program}${suffix}`);
  const file = given ?? fetched;
  return existsSync(file) ? { file, args } : null;
}

/**
 * Fetches what is not there yet.
 *
 * @throws Error with what npm had to say
 */
export function fetchRuntimes() {
  const missing = runtimeNames.filter((name) => runtime(name) === null);
  const wanted = missing.flatMap((name) => {
    const { packages, version } = runtimes[name];
    return packages[platform] === undefined ? [] : [`${packages[platform]}@${version}`];
  });
  if (wanted.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const options = '--ignore-scripts --no-save --no-audit --no-fund --no-package-lock';
  // npm is a shell script on Windows; fixed strings need no quoting. Its folder is given because it
  // would go up to that of the workspace.
  const command = `npm install ${options} --prefix . ${wanted.join(' ')}`;
  const result = spawnSync(command, { cwd: folder, shell: true, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}\n${command} failed`);
}

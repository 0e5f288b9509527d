import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A JavaScript runtime: its program, and the arguments before the module that it runs. */
export interface Runtime {
  readonly file: string;
  readonly args: readonly string[];
}

const suffix = process.platform === 'win32' ? '.exe' : '';

/** The program that a variable names, or the one that `npm run runtimes` installed; null without either. */
function find(variable: string, installed: string, args: readonly string[]): Runtime | null {
  const path = new URL(`../../../.runtimes/node_modules/${installed}`, import.meta.url);
  const file = process.env[variable] ?? fileURLToPath(path);
  return existsSync(file) ? { file, args } : null;
}

/** Runtimes other than Node.js that the built packages are tested on, by name. */
export const runtimes: readonly (readonly [name: string, runtime: Runtime | null])[] = [
  ['Bun', find('SIXBED4_BUN', 'bun/bin/bun.exe', ['run'])],
  [
    'Deno',
    find('SIXBED4_DENO', `deno/deno${suffix}`, [
      'run',
      '--allow-all',
      '--no-lock',
      '--no-config',
      '--node-modules-dir=manual',
    ]),
  ],
];

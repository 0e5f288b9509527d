#!/usr/bin/env node
// Makes a clone ready: installs what the lockfile names, then runs the tasks that are named as
// arguments (`build`, `typecheck`, …) in all packages. Needs Node.js and npm, nothing else; says
// nothing when all is well, and is done at once when nothing changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');

/** Shows the output of a command only if it fails, and ends with it. */
function run(command) {
  const { status, stdout, stderr, error } = spawnSync(command, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`,
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
    },
  });
  if (status === 0) return;
  console.error(
    `${stdout ?? ''}${stderr ?? ''}${command}: ${error?.message ?? `exit code ${status}`}`,
  );
  process.exit(1);
}

const isFirst = !existsSync(join(modules, 'pnpm'));
if (isFirst) console.error('Installing dependencies …');
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
run(`${isFirst ? `npx --yes ${packageManager}` : 'pnpm'} install --frozen-lockfile`);

const tasks = process.argv.slice(2);
if (tasks.length > 0) {
  run(`turbo run ${tasks.join(' ')} --continue --concurrency=2 --output-logs=errors-only`);
}

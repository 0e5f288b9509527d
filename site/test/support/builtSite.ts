import { execFile } from 'node:child_process';
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SITE = join(ROOT, 'site');
const OUT = join(SITE, 'dist');
const LOCK = join(SITE, 'node_modules/.building');
const LOCK_PAUSE = 250;
const LONGEST_BUILD = 10 * 60_000;
const INPUTS = [
  'docs',
  'examples',
  'packages',
  'site',
  'README.md',
  'CONTRIBUTING.md',
  'typedoc.json',
];
const GENERATED = new Set([
  'node_modules',
  'dist',
  'test',
  '.turbo',
  '.blocks',
  'downloads',
  'coverage',
]);

async function newest(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const names = (await readdir(path)).filter((name) => !GENERATED.has(name));
  const times = await Promise.all(names.map((name) => newest(join(path, name))));
  return Math.max(0, ...times);
}

/** Builds the site if something is newer than what `npm run docs` built last. */
async function buildIfChanged(): Promise<void> {
  const built = await stat(join(OUT, 'assets/lab.js')).catch(() => null);
  const changed = Math.max(...(await Promise.all(INPUTS.map((path) => newest(join(ROOT, path))))));
  if (built !== null && built.mtimeMs >= changed) return;
  await promisify(execFile)(process.execPath, [join(SITE, 'build.mjs')], { cwd: ROOT });
}

/** Whether this process may build: another one that does leaves a folder until it is done. */
async function takeLock(): Promise<boolean> {
  try {
    await mkdir(LOCK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const since = (await stat(LOCK).catch(() => null))?.mtimeMs ?? Date.now();
    // Left behind by a process that was killed.
    if (Date.now() - since > LONGEST_BUILD) await rmdir(LOCK).catch(() => {});
    return false;
  }
}

/** The folder of the built site, up to date. Several test files may ask at the same time. */
export async function builtSite(): Promise<string> {
  while (!(await takeLock())) await sleep(LOCK_PAUSE);
  try {
    await buildIfChanged();
  } finally {
    await rmdir(LOCK);
  }
  return OUT;
}

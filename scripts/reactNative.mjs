/**
 * Installs what the example for React Native and its tests need into `.react-native`, 300 MB in all: the packages of
 * its lockfile, which names none of ours. Does nothing when they are there. The tests add our packages and the
 * example's files.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples', 'react-native', 'app');
const app = join(root, '.react-native');
const lock = readFileSync(join(example, 'package-lock.json'), 'utf8');
const installed = join(app, 'node_modules', '.installed-lock.json');

/** The example's package.json without our packages, which no registry may have yet. */
function manifestWithoutOurs() {
  const manifest = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8'));
  const others = Object.entries(manifest.dependencies).filter(
    ([name]) => !name.startsWith('@6bed4/'),
  );
  return { ...manifest, dependencies: Object.fromEntries(others) };
}

mkdirSync(app, { recursive: true });
writeFileSync(join(app, 'package.json'), `${JSON.stringify(manifestWithoutOurs(), null, 2)}\n`);
copyFileSync(join(example, 'package-lock.json'), join(app, 'package-lock.json'));
if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) exit(0);
const { status } = spawnSync(
  'npm ci --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved',
  { cwd: app, stdio: 'inherit', shell: true },
);
if (status === 0) writeFileSync(installed, lock);
exit(status ?? 1);

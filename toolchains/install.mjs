// Installs the tools that toolchains/package.json names, as its lockfile says: `npm run toolchains`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILES = ['package.json', 'package-lock.json', '.npmrc'];
const source = (name) => new URL(name, import.meta.url);
const target = (name) => new URL(`../.toolchains/${name}`, import.meta.url);

function isSame(name) {
  return existsSync(target(name)) && readFileSync(source(name)).equals(readFileSync(target(name)));
}

// npm writes the first when it has done everything.
const isInstalled = existsSync(target('node_modules/.package-lock.json')) && FILES.every(isSame);
if (!isInstalled) {
  mkdirSync(target('.'), { recursive: true });
  for (const name of FILES) copyFileSync(source(name), target(name));
  // None of the install scripts is needed: binaries arrive as packages.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(target('.')),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}

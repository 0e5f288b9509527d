/** What an archive of npm holds, and whether it may be published like that. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parseTar } from 'nanotar';
import { metadataOf } from './metadata.mjs';

const LICENSE = fileURLToPath(new URL('../../LICENSE', import.meta.url));
const PREFIX = 'package/';
/** Files that only the repository needs: tests, sources, maps (the code is not minified), settings. */
const UNWANTED =
  /\.map$|\.test\.|\.tsbuildinfo$|(^|\/)(test|src|node_modules)\/|(^|\/)(tsconfig|tsup|vitest)\./;

/** Reads an archive. */
export function readArchive(path) {
  const bytes = readFileSync(path);
  const entries = parseTar(gunzipSync(bytes)).filter(({ type }) => type === 'file');
  const files = new Map(entries.map(({ name, data }) => [name.slice(PREFIX.length), data]));
  const text = (name) => (files.has(name) ? Buffer.from(files.get(name)).toString() : '');
  const manifest = JSON.parse(text('package.json'));
  return {
    path,
    manifest,
    text,
    files: [...files.keys()].sort(),
    size: bytes.length,
    unpacked: entries.reduce((sum, { data }) => sum + data.length, 0),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    /** The tag under which npm finds it. */
    tag: manifest.version.includes('-') ? 'next' : 'latest',
  };
}

/** The part of a changelog about a version; empty without one. */
export function changesOf(text, version) {
  const parts = text.split(/^(?=## )/m);
  const part = parts.find((part) => part.startsWith(`## ${version}\n`)) ?? '';
  return part.slice(part.indexOf('\n') + 1).trim();
}

/** Everything that is wrong with an archive; `versions` are those of all packages by their names. */
export function faultsOf({ manifest, files, text }, folder, versions) {
  const { name, version } = manifest;
  const faults = [];
  const demand = (holds, fault) => {
    if (!holds) faults.push(`${name}: ${fault}`);
  };
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
    demand(text(file).length > 0, `${file} is missing`);
  }
  demand(text('LICENSE') === readFileSync(LICENSE, 'utf8'), 'LICENSE is not that of the project');
  demand(manifest.license === 'MIT', `the licence is ${manifest.license}`);
  demand(
    changesOf(text('CHANGELOG.md'), version) !== '',
    `CHANGELOG.md says nothing of ${version}`,
  );
  for (const file of files) demand(!UNWANTED.test(file), `${file} does not belong into it`);
  for (const [, target] of text('README.md').matchAll(/\]\((\.\.?\/[^)\s]*)/g)) {
    demand(false, `README.md links to ${target}, which registries cannot resolve`);
  }
  for (const [field, value] of Object.entries(metadataOf(folder))) {
    const same = JSON.stringify(manifest[field]) === JSON.stringify(value);
    demand(same, `${field} in package.json differs from the project's`);
  }
  demand(manifest.private !== true, 'package.json says that it is private');
  for (const [other, range] of Object.entries(manifest.dependencies ?? {})) {
    demand(!range.startsWith('workspace:'), `depends on ${other} by ${range}`);
    if (other in versions) {
      demand(
        range === `^${versions[other]}`,
        `depends on ${other} ${range}, not ^${versions[other]}`,
      );
    }
  }
  return faults;
}

/** The archives in an order in which each comes after those that it depends on. */
export function inOrder(archives) {
  const byName = new Map(archives.map((archive) => [archive.manifest.name, archive]));
  const order = new Set();
  const add = (archive) => {
    for (const name of Object.keys(archive.manifest.dependencies ?? {})) {
      if (byName.has(name)) add(byName.get(name));
    }
    order.add(archive);
  };
  for (const archive of archives) add(archive);
  return [...order];
}

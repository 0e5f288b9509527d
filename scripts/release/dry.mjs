/**
 * `npm run release:dry`: all of a release but publishing. Packs the built packages, looks into the archives, installs them in
 * an empty project with npm, runs the first programs of the READMEs and the command there, and prints what would be
 * published. Ends with exit code 1 if anything is not as it has to be.
 *
 * `--out FOLDER` keeps the archives there, with `order`, their names in the order of publishing, `version`, and
 * `notes.md`, what the changelogs say.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packPackages, publicPackages } from '../pack.mjs';
import { changesOf, faultsOf, inOrder, readArchive } from './archive.mjs';
import { installIn, tryCommand, tryReadme } from './trial.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Columns of equal width; numbers to the right. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text, column) =>
    /^\d/.test(text) && column > 1 ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

function describe(archives) {
  const rows = archives.map(({ manifest, tag, size, unpacked, files }) => [
    manifest.name,
    manifest.version,
    tag,
    kilobytes(size),
    kilobytes(unpacked),
    `${files.length}`,
  ]);
  const integrities = archives.map(({ path, integrity }) => [basename(path), integrity]);
  return `${table([['package', 'version', 'tag', 'packed', 'unpacked', 'files'], ...rows])}\n\n${table(integrities)}`;
}

/** What the changelogs say of this version, a section for each package. */
function notes(archives) {
  return archives
    .map(({ manifest, text }) => [manifest.name, changesOf(text('CHANGELOG.md'), manifest.version)])
    .filter(([, changes]) => changes !== '')
    .map(([name, changes]) => `## ${name}\n\n${changes}\n`)
    .join('\n');
}

/** Everything that is wrong with the packed packages when they are installed and used. */
async function tryOut(folder, archives, folders) {
  await installIn(
    folder,
    archives.map(({ path }) => path),
  );
  const readmes = [
    ['README.md', root],
    ...Object.entries(folders).filter(([name]) => name.startsWith('@')),
  ];
  const faults = [];
  for (const [name, home] of readmes) {
    const fault = await tryReadme(folder, join(home, 'README.md'));
    console.log(`${fault === null ? 'ok  ' : 'FAIL'}  first program of ${name}`);
    if (fault !== null) faults.push(`${name}: ${fault}`);
  }
  const command = archives.find(({ manifest }) => manifest.name === '6bed4');
  const fault = await tryCommand(folder, command.manifest.version);
  console.log(`${fault === null ? 'ok  ' : 'FAIL'}  the command: a router, a peer, and a ping`);
  if (fault !== null) faults.push(`6bed4: ${fault}`);
  return faults;
}

async function main(out) {
  if (out !== undefined) {
    mkdirSync(out, { recursive: true });
    if (readdirSync(out).length > 0) throw new Error(`${out} is not empty`);
  }
  const scratch = mkdtempSync(join(tmpdir(), '6bed4-release-'));
  try {
    const folders = publicPackages();
    const packed = packPackages(out ?? join(scratch, 'archives'));
    const archives = inOrder(Object.values(packed).map(readArchive));
    const versions = Object.fromEntries(
      archives.map(({ manifest }) => [manifest.name, manifest.version]),
    );
    const faults = archives.flatMap((archive) =>
      faultsOf(archive, folders[archive.manifest.name], versions),
    );
    const [version, ...others] = new Set(Object.values(versions));
    if (others.length > 0) faults.push(`versions differ: ${[version, ...others].join(', ')}`);
    faults.push(...(await tryOut(join(scratch, 'project'), archives, folders)));
    console.log(`\n${describe(archives)}\n`);
    if (faults.length > 0) {
      console.error(`Not to be published:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
      process.exitCode = 1;
    }
    if (out === undefined) return;
    writeFileSync(join(out, 'order'), archives.map(({ path }) => `${basename(path)}\n`).join(''));
    writeFileSync(join(out, 'version'), `${version}\n`);
    writeFileSync(join(out, 'notes.md'), notes(archives));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

let out;
try {
  ({ out } = parseArgs({ args: argv.slice(2), options: { out: { type: 'string' } } }).values);
} catch (error) {
  console.error(`${error.message}\nusage: npm run release:dry -- [--out FOLDER]`);
  process.exit(2);
}
await main(out === undefined ? undefined : resolve(out));

/**
 * Builds a package for Debian from the npm package `6bed4` as it is built here, with everything that it
 * needs but Node.js. Run it with `npm run debian`; `--help` shows its options. Needs dpkg-deb.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { installPackage, manifestOf, run } from './modules.mjs';
import {
  changelogText,
  controlText,
  copyrightText,
  maintainerScripts,
  OVERRIDES,
} from './texts.mjs';

const USAGE = `Usage: npm run debian -- [OPTION]...

Builds a Debian package of the command 6bed4 for this computer's architecture, and prints its path.

  --out DIR       folder for it (default: dist)
  --revision N    revision of the package (default 1)
  --help          show this text

Times in it are that of SOURCE_DATE_EPOCH, in seconds, or of the build.`;

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const SOURCE = join(ROOT, 'packages', 'cli');
const LIBRARY = 'usr/lib/6bed4';
const ENV_NODE = /^#!\/usr\/bin\/env node\n/;
const COMPLETIONS = {
  '6bed4': 'usr/share/bash-completion/completions',
  _6bed4: 'usr/share/zsh/vendor-completions',
  '6bed4.fish': 'usr/share/fish/vendor_completions.d',
};
const UNIT = /\.(?:service|socket|target|path|timer)$/;

function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(ROOT, 'dist') },
      revision: { type: 'string', default: '1' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const tree = mkdtempSync(join(tmpdir(), '6bed4-debian-'));
  try {
    console.log(build(tree, resolve(values.out), values.revision));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function build(tree, out, revision) {
  // What only the owner may read in a working tree is for everybody in a package.
  process.umask(0o022);
  const manifest = manifestOf(SOURCE);
  const architecture = run('dpkg', ['--print-architecture']).trim();
  const version = `${manifest.version.replace('-', '~')}-${revision}`;
  const library = join(tree, LIBRARY);
  const modules = installPackage(ROOT, SOURCE, library);
  placeCommands(tree, manifest.bin);
  placeDocuments(tree);
  const units = placeUnits(tree);
  const license = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  write(tree, 'usr/share/doc/6bed4/copyright', copyrightText(license, modules, tree));
  const date = buildTime().toUTCString().replace('GMT', '+0000');
  writeCompressed(tree, 'usr/share/doc/6bed4/changelog.Debian', changelogText({ version, date }));
  write(tree, 'usr/share/lintian/overrides/6bed4', OVERRIDES);
  setModes(tree);
  const size = Math.ceil(sizeOf(tree) / 1024);
  const node = manifest.engines.node.replace('>=', '');
  write(tree, 'DEBIAN/control', controlText({ version, architecture, size, node }));
  write(tree, 'DEBIAN/md5sums', checksums(tree));
  for (const [name, text] of Object.entries(maintainerScripts(units))) {
    chmodSync(write(tree, `DEBIAN/${name}`, text), 0o755);
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, `6bed4_${version}_${architecture}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(buildTime().getTime() / 1000) };
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], { env });
  return file;
}

function buildTime() {
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  return new Date(1000 * (seconds === undefined ? Math.floor(Date.now() / 1000) : Number(seconds)));
}

/** Commands start the Node.js of Debian, whatever else is in the path of root. */
function placeCommands(tree, commands) {
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  for (const [name, path] of Object.entries(commands)) {
    const file = join(tree, LIBRARY, path);
    writeFileSync(file, readFileSync(file, 'utf8').replace(ENV_NODE, '#!/usr/bin/node\n'));
    symlinkSync(`../lib/6bed4/${path}`, join(tree, 'usr/bin', name));
  }
}

function placeDocuments(tree) {
  const pages = join(SOURCE, 'dist', 'man');
  for (const name of readdirSync(pages)) {
    const section = name.at(-1);
    writeCompressed(tree, `usr/share/man/man${section}/${name}`, readFileSync(join(pages, name)));
  }
  for (const [name, folder] of Object.entries(COMPLETIONS)) {
    write(tree, `${folder}/${name}`, readFileSync(join(SOURCE, 'dist', 'completion', name)));
  }
  write(tree, 'usr/share/doc/6bed4/README.md', readFileSync(join(SOURCE, 'README.md')));
}

/** Installs the units of systemd, and everything else of their folder as examples. */
function placeUnits(tree) {
  const folder = join(SOURCE, 'systemd');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  for (const name of files) {
    const where = UNIT.test(name) ? 'usr/lib/systemd/system' : 'usr/share/doc/6bed4/examples';
    write(tree, `${where}/${name}`, readFileSync(join(folder, name)));
  }
  return files.filter((name) => UNIT.test(name));
}

function write(tree, path, content) {
  const file = join(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function writeCompressed(tree, path, content) {
  write(tree, `${path}.gz`, gzipSync(content, { level: 9 }));
}

function filesOf(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** All may be read by everybody; files that name their interpreter may be executed. */
function setModes(tree) {
  // A temporary folder is for its owner only; in the package it is the root of the system.
  chmodSync(tree, 0o755);
  for (const file of filesOf(tree)) {
    const isProgram = file.endsWith('.js') && readFileSync(file, 'latin1').startsWith('#!');
    chmodSync(file, isProgram ? 0o755 : 0o644);
  }
}

function sizeOf(tree) {
  return filesOf(tree).reduce((sum, file) => sum + statSync(file).size, 0);
}

function checksums(tree) {
  const lines = filesOf(tree)
    .map((file) => [
      relative(tree, file),
      createHash('md5').update(readFileSync(file)).digest('hex'),
    ])
    .filter(([path]) => !path.startsWith('DEBIAN/'))
    .map(([path, sum]) => `${sum}  ${path}\n`);
  return lines.sort((one, other) => (one.slice(34) < other.slice(34) ? -1 : 1)).join('');
}

main();

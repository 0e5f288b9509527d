import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';

/** What a program does not need at run time. The texts of licenses go into the copyright file. */
const UNUSED_FILES =
  /^\.|\.(?:[cm]?ts|cc|hh|inc|def|S|asm|map|md|markdown|txt|html|png|ico|sh)$|^(?:LICEN[CS]E|NOTICE|CNAME|Makefile)|^(?:test|bench|benchmark|example|gruntfile)s?(?:-\w+)?\.js$|^eslint\.config\.|^tsconfig/i;
const UNUSED_FOLDERS =
  /^(?:\..*|tests?|specs|fixtures?|bench(?:marks?)?|docs?|examples?|types|typings|man|completion)$/i;
/** Parts of packages that are for building them, and for other systems than Debian. */
const UNUSED_PARTS = {
  koffi: /^(?:lib|vendor|cnoke\.cjs|src\/koffi\/src\/(?:abi|trampolines\.cjs))$/,
};
const OTHER_SYSTEMS = /^musl_/;
const LICENSE = /^(?:LICEN[CS]E|COPYING)/i;

export function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Runs a program; throws what it printed unless it succeeds. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

/**
 * Puts an npm package and everything that it needs at run time into a folder, as npm would, without the
 * network: packages of this repository as they would be published, others from where they are installed.
 *
 * @param source - the folder of the package in this repository
 * @returns what it needs, each with name, version, license, its text, and place in `target`
 */
export function installPackage(root, source, target) {
  const placed = [];
  unpack(root, source, target);
  installDependencies(root, realpathSync(source), [target], placed);
  return placed;
}

/** @param places - the folders of the package and of those above it, the innermost last */
function installDependencies(root, source, places, placed) {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(source);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies }).sort()) {
    const found = find(name, source);
    if (found === null) {
      if (name in optionalDependencies) continue;
      throw new Error(`${name}, which ${source} needs, is not installed`);
    }
    const { version, license, author } = manifestOf(found);
    const nearest = [...places]
      .reverse()
      .find((place) => existsSync(join(place, 'node_modules', name)));
    if (nearest !== undefined && isSame(join(nearest, 'node_modules', name), version)) continue;
    const place = nearest === undefined ? places[0] : places.at(-1);
    const folder = join(place, 'node_modules', name);
    if (isOurs(root, found)) unpack(root, found, folder);
    else copy(name, found, folder);
    placed.push({
      ...{ name, version, license, author: author?.name ?? author, folder },
      ...{ text: licenseText(found), isOurs: isOurs(root, found) },
    });
    installDependencies(
      root,
      found,
      place === places[0] ? [place, folder] : [...places, folder],
      placed,
    );
  }
}

function isSame(folder, version) {
  return manifestOf(folder).version === version;
}

function isOurs(root, folder) {
  return dirname(folder) === resolve(root, 'packages');
}

/** Where Node.js finds a package from the files of another one. */
function find(name, source) {
  for (let folder = source; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return null;
  }
}

/** A package of this repository as npm would install it. */
function unpack(root, source, target) {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-pack-'));
  try {
    const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
    run('pnpm', ['pack', '--pack-destination', folder], {
      cwd: source,
      env: { ...process.env, PATH: path },
    });
    const [archive] = readdirSync(folder);
    run('tar', ['-xzf', join(folder, archive), '-C', folder]);
    copy(manifestOf(source).name, join(folder, 'package'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copy(name, source, target) {
  mkdirSync(target, { recursive: true });
  cpSync(source, target, {
    recursive: true,
    dereference: true,
    filter: (path) => path === source || isUsed(name, source, path),
  });
}

function isUsed(name, source, path) {
  const file = basename(path);
  if (file === 'node_modules' || OTHER_SYSTEMS.test(file)) return false;
  if (UNUSED_PARTS[name]?.test(relative(source, path))) return false;
  const isFile = /\.\w+$/.test(file) || LICENSE.test(file) || !isFolder(path);
  return !(isFile ? UNUSED_FILES : UNUSED_FOLDERS).test(file);
}

function isFolder(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function licenseText(folder) {
  const file = readdirSync(folder).find((name) => LICENSE.test(name));
  return file === undefined ? null : readFileSync(join(folder, file), 'utf8');
}

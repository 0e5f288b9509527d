/**
 * `npm run api`: writes what each public package declares, from its built types, to `packages/NAME/api/ENTRY.api.md`, so that
 * a change of the public interface is a difference that can be reviewed. With `--check` nothing is written, and the
 * exit code is 1 if a report differs.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { publicPackages } from '../publicPackages.mjs';
import { reportsOf } from './reports.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Texts of the reports by their absolute paths. */
function reportsOfAll() {
  return Object.values(publicPackages()).flatMap((folder) => [...reportsOf(folder)]);
}

/** Reports of entries that are no longer there. */
function leftovers(paths) {
  return Object.values(publicPackages())
    .map((folder) => join(folder, 'api'))
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => !paths.includes(path));
}

const [option, ...others] = argv.slice(2);
if (others.length > 0 || !['--check', undefined].includes(option)) {
  console.error('usage: npm run api -- [--check]');
  exit(2);
}
const reports = reportsOfAll();
const old = leftovers(reports.map(([path]) => path));
const changed = reports.filter(([path, text]) => {
  return !existsSync(path) || readFileSync(path, 'utf8').replaceAll('\r\n', '\n') !== text;
});
const names = [...old, ...changed.map(([path]) => path)].map((path) => relative(root, path));
if (names.length > 0) console.log(names.join('\n'));
if (option === '--check' && names.length > 0) {
  console.error(
    'The public types differ from these reports: run "npm run api" and commit the result.',
  );
  exit(1);
}
for (const path of old) rmSync(path);
for (const [path, text] of changed) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Packs the public packages as they would be published: `node scripts/pack.mjs FOLDER` prints the name and the
 * archive of each as JSON. They have to be built.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTar, parseTar } from 'nanotar';
import { publicPackages } from './publicPackages.mjs';
import { publishedReadme } from './release/readme.mjs';

export { publicPackages } from './publicPackages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const pnpm = join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/** Writes an archive again, with the README of the package as registries show it. */
function replaceReadme(archive, folder) {
  const files = parseTar(gunzipSync(readFileSync(archive)));
  const { version } = JSON.parse(files.find(({ name }) => name === 'package/package.json').text);
  const changed = files.map(({ name, data, text, attrs: { mode, mtime } }) => ({
    name,
    data: name === 'package/README.md' ? publishedReadme(text, folder, version) : data,
    attrs: { mode, mtime },
  }));
  writeFileSync(archive, gzipSync(createTar(changed, { attrs: { uid: 0, gid: 0 } }), { level: 9 }));
}

export function packPackages(folder) {
  const packages = publicPackages();
  for (const [name, source] of Object.entries(packages)) {
    if (existsSync(join(source, 'dist'))) continue;
    throw new Error(`${name} is not built: run "npm run build" first`);
  }
  mkdirSync(folder, { recursive: true });
  const filters = Object.keys(packages).map((name) => `--filter=${name}`);
  const options = ['--json', '--pack-destination', resolve(folder)];
  const printed = execFileSync(process.execPath, [pnpm, '-r', ...filters, 'pack', ...options], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const archives = Object.fromEntries(
    JSON.parse(printed).map(({ name, filename }) => [
      name,
      join(resolve(folder), basename(filename)),
    ]),
  );
  for (const [name, archive] of Object.entries(archives)) replaceReadme(archive, packages[name]);
  return archives;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv.length !== 3) {
    console.error('usage: node scripts/pack.mjs FOLDER');
    process.exit(2);
  }
  console.log(JSON.stringify(packPackages(argv[2]), null, 2));
}

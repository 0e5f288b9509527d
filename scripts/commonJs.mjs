#!/usr/bin/env node
// Makes the ES modules in the `dist` of the current folder reachable by `require`, without a second
// copy of the code: `name.cjs` requires `name.js`, which Node does since 20.19. So a program that mixes
// both gets the same classes from both. Types are the other way round: TypeScript lets ES modules
// take types from CommonJS everywhere, and the reverse only in its latest versions.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from './lib/workspace.mjs';

const folder = process.cwd();
const dist = join(folder, 'dist');

for (const name of readdirSync(dist).filter((each) => each.endsWith('.d.ts'))) {
  const path = join(dist, name);
  const types = readFileSync(path, 'utf8').replaceAll(/(from '\.\/[^']*)\.js'/g, "$1.cjs'");
  writeFileSync(path, types);
  renameSync(path, path.replace(/\.d\.ts$/, '.d.cts'));
}

for (const entry of Object.values(readManifest(folder).exports)) {
  if (typeof entry === 'string') continue;
  const name = /^\.\/dist\/(.*)\.js$/.exec(entry.import.default)[1];
  writeFileSync(join(dist, `${name}.cjs`), `module.exports = require('./${name}.js');\n`);
  writeFileSync(join(dist, `${name}.d.ts`), `export * from './${name}.cjs';\n`);
}

/**
 * Writes the types of the ES modules of the package in the working folder, after its build: each file exports what the
 * types for CommonJS declare, so that every declaration exists once, whoever imports it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const { import: esModule, require: commonJs } of Object.values(exports)) {
  if (esModule === undefined) continue;
  writeFileSync(esModule.types, `export * from './${basename(commonJs.default)}';\n`);
}

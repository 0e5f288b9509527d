#!/usr/bin/env node
// Checks that the packages that are to run anywhere know no clock, chance or platform, and that
// each package imports only the ones below it. One line per violation.
import { relative } from 'node:path';
import { checkPackage } from './lib/purity.mjs';
import { packages, root } from './lib/workspace.mjs';

const faults = packages().flatMap(checkPackage);
for (const { file, line, message } of faults) {
  console.error(`${relative(root, file)}:${line}: ${message}`);
}
process.exitCode = faults.length === 0 ? 0 : 1;

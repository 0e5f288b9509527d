#!/usr/bin/env node
// Makes a fresh clone ready: dependencies, and with --build the built packages. Says nothing when
// all is well. Needs Node 20 and npm, nothing else.
import { build, install } from './lib/setup.mjs';

const [major] = process.versions.node.split('.');
if (Number(major) < 20) {
  console.error(`Node.js: found ${process.versions.node}, expected 20 or newer`);
  process.exit(1);
}

try {
  install();
  if (process.argv.includes('--build')) build();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

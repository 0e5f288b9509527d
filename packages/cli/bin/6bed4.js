#!/usr/bin/env node
import { createRequire } from 'node:module';

// Without a listener, Node.js opens the port of its debugger on this signal.
process.on('SIGUSR1', () => {});
const args = process.argv.slice(2);
try {
  const { prepare } = await import('../dist/prepare.js');
  await prepare(args);
  const { main } = await import('../dist/cli.js');
  const { version } = createRequire(import.meta.url)('../package.json');
  process.exitCode = (await main(args, version)) || process.exitCode;
} catch (error) {
  // Modules are files, too.
  if (error.code !== 'EMFILE') throw error;
  console.error('6bed4: too few files may be open (ulimit -n): EMFILE');
  process.exitCode = 1;
}

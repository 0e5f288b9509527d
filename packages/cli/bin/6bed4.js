#!/usr/bin/env node
import { createRequire } from 'node:module';

// Without a listener, Node.js opens the port of its debugger on this signal.
process.on('SIGUSR1', () => {});
const args = process.argv.slice(2);
const { prepare } = await import('../dist/prepare.js');
await prepare(args);
const { main } = await import('../dist/cli.js');
const { version } = createRequire(import.meta.url)('../package.json');
process.exitCode = (await main(args, version)) || process.exitCode;

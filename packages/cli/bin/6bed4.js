#!/usr/bin/env node
import { createRequire } from 'node:module';
import { main } from '../dist/cli.js';

const { version } = createRequire(import.meta.url)('../package.json');
process.exitCode = await main(process.argv.slice(2), version);

#!/usr/bin/env node
// `npm run runtimes`: fetches the runtimes other than Node.js that the packages are tested on.
import { fetchRuntimes, runtime, runtimeNames } from './lib/runtimes.mjs';

try {
  fetchRuntimes();
  for (const name of runtimeNames) {
    console.log(`${name}: ${runtime(name)?.file ?? 'there is none for this platform'}`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

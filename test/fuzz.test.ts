import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const SECONDS = 20;
const PATIENCE_MS = 10 * 60_000;

test(
  `no input of the corpus, and none found in ${SECONDS} s, is a fault`,
  async () => {
    const args = ['scripts/fuzz/main.mjs', '--seconds', String(SECONDS)];
    const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(process.execPath, args, options).catch(
      ({ message, stdout, stderr }) => {
        throw new Error(`${message}\n${stdout}${stderr}`);
      },
    );
    console.log(stdout);
    // One line for each target, besides the one with the seed.
    expect(stdout.trim().split('\n').length).toBeGreaterThan(10);
  },
  PATIENCE_MS,
);

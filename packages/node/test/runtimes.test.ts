import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireBuild } from '@6bed4/testing/command';
import { type Runtime, runtimes } from '@6bed4/testing/runtimes';
import { beforeAll, describe, expect, test } from 'vitest';

/** With this set, a runtime that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_RUNTIMES'] === '1';
const PROGRAM = fileURLToPath(new URL('runtimes/program.mjs', import.meta.url));
/** The runner prints what each test came to; as many as this at least. */
const FEWEST_TESTS = 20;
const PATIENCE_MS = 60_000;

interface Line {
  readonly name: string;
  readonly fault: string | null;
}

function runProgram({ file, args }: Runtime): Promise<Line[]> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args, PROGRAM], { timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${error.message}\n${stdout}${stderr}`));
      else
        resolve(
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Line),
        );
    });
  });
}

beforeAll(requireBuild);

describe.each([
  ['Node.js', { file: process.execPath, args: [] }],
  ...runtimes,
] satisfies typeof runtimes)('%s', (name, runtime) => {
  test.runIf(runtime !== null || required)(
    `runs the built packages${runtime === null ? ` (no ${name}: npm run runtimes)` : ''}`,
    async () => {
      expect(runtime, `${name} is required, and missing: npm run runtimes`).not.toBeNull();
      const lines = await runProgram(runtime!);
      expect(lines.filter(({ fault }) => fault !== null)).toEqual([]);
      expect(lines.length).toBeGreaterThan(FEWEST_TESTS);
    },
    PATIENCE_MS + 5_000,
  );
});

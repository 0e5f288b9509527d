import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireBuild } from '@6bed4/testing/command';
import { beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript that the scripts at the root share
import { runtime, runtimeNames } from '../../../scripts/lib/runtimes.mjs';

/** With this set, a runtime that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_RUNTIMES'] === '1';
const PROGRAM = fileURLToPath(new URL('runtimes/program.mjs', import.meta.url));
/** The runner prints what each test came to; as many as this at least. */
const FEWEST_TESTS = 20;
const PATIENCE_MS = 60_000;

interface Runtime {
  readonly file: string;
  readonly args: readonly string[];
}

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

const all: [string, Runtime | null][] = [
  ['Node.js', { file: process.execPath, args: [] }],
  ...(runtimeNames as string[]).map((name): [string, Runtime | null] => [name, runtime(name)]),
];

describe.each(all)('%s', (name, runtime) => {
  it.runIf(runtime !== null || required)(
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

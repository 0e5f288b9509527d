import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('support/nodeTest.mjs', import.meta.url));

test('node:test runs programs on the simulator, and shows the seed of one that fails', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ['--test', '--test-reporter=tap', PROGRAM];
  const { stdout, status } = spawnSync(process.execPath, options, { encoding: 'utf8', env });
  const results = stdout.match(/^ *(not )?ok \d+ - (works|fails).*/gm)!.map((line) => line.trim());
  expect(results.filter((line) => line.startsWith('ok'))).toHaveLength(6);
  expect(results.filter((line) => line.startsWith('not ok'))).toEqual([
    expect.stringContaining('fails and says how to run it again'),
  ]);
  expect(stdout).toContain('seed 77, 5 ms of virtual time');
  expect(status).toBe(1);
});

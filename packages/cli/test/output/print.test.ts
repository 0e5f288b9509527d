import { spawnSync } from 'node:child_process';
import { COMMAND, requireBuild } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

const ADDRESS = 'fc64:bed:c633:6401:c433:6402:e49e:8001';

/** Runs a script of the shell, in which `$NODE "$COMMAND"` is the command. */
function shell(script: string): { code: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NODE: process.execPath, COMMAND };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe.runIf(process.platform === 'linux')('the output of short commands', () => {
  test.each(['--help', 'peer --help', `address decode ${ADDRESS}`])(
    'of "6bed4 %s" may have a reader that is gone',
    (args) => {
      // The reader ends before the command begins.
      const script = `{ sleep 0.2; "$NODE" "$COMMAND" ${args}; echo "code $?" >&2; } | true`;
      expect(shell(script)).toEqual({ code: 0, stdout: '', stderr: 'code 0\n' });
    },
  );

  test.each([
    '--help',
    '--version',
    `address decode ${ADDRESS}`,
    `address decode --json ${ADDRESS}`,
  ])('of "6bed4 %s" fails in one line when it cannot be written', (args) => {
    expect(shell(`"$NODE" "$COMMAND" ${args} >/dev/full`)).toEqual({
      code: 1,
      stdout: '',
      stderr: '6bed4: standard output cannot be written: ENOSPC\n',
    });
  });

  test('may be closed, and standard error, too', () => {
    expect(shell(`"$NODE" "$COMMAND" address decode ${ADDRESS} >&-`).code).toBe(0);
    expect(shell(`"$NODE" "$COMMAND" address decode nonsense 2>&-`).code).toBe(2);
    expect(shell(`"$NODE" "$COMMAND" address decode nonsense 2>/dev/full`).code).toBe(2);
  });
});

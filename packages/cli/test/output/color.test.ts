import { requireBuild, runIn } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

describe('color', () => {
  const ESCAPE = '\u001b';
  const colorless = { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined };

  test.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['is off when standard output is not a terminal', {}, false],
    ['is off in a CI', { CI: 'true' }, false],
    ['is on with FORCE_COLOR=1', { FORCE_COLOR: '1' }, true],
    ['is off with NO_COLOR, even with FORCE_COLOR=1', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['is off with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
  ])('%s', async (_name, env, isColored) => {
    const { stdout } = await runIn({ ...colorless, ...env }, 'address', 'decode', '::1');
    expect(stdout.includes(ESCAPE)).toBe(isColored);
  });
});

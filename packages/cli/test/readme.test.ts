import { readFileSync } from 'node:fs';
import { requireBuild, run } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

beforeAll(requireBuild);

describe('the README', () => {
  test.each(['router', 'peer', 'proxy', 'serve'])(
    'lists all options of 6bed4 %s',
    async (command) => {
      const { stdout } = await run(command, '--help');
      const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]!);
      expect(options.length).toBeGreaterThan(5);
      for (const option of options) expect(README).toContain(option);
    },
  );
});

import { readFileSync } from 'node:fs';
import { requireBuild, run } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigFolder } from './support/configuration.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

beforeAll(requireBuild);

describe('the README', () => {
  test.each(['router', 'gateway', 'peer', 'proxy', 'serve', 'fleet init'])(
    'lists all options of 6bed4 %s',
    async (command) => {
      const { stdout } = await run(...command.split(' '), '--help');
      const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]!);
      expect(options.length).toBeGreaterThan(5);
      for (const option of options) expect(README).toContain(option);
    },
  );

  test('has a configuration file that is right', async () => {
    const [, text] = /^```conf\n(# \/etc\/6bed4\/peer\.toml\n[\s\S]*?)^```$/m.exec(README)!;
    const folder = new ConfigFolder();
    const outcome = await run('check-config', folder.write(text!));
    folder.remove();
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('right for 6bed4 peer, 6bed4 serve');
  });
});

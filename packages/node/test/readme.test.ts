import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireBuild, run, runModule } from './support/command.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

function blocksOf(language: string): string[] {
  const fence = '```';
  return [...README.matchAll(new RegExp(`${fence}${language}\n(.*?)${fence}`, 'gs'))].map(
    (match) => match[1]!,
  );
}

beforeAll(requireBuild);

describe('the README', () => {
  it('begins with an example that does what it says', async () => {
    const [example] = blocksOf('js');
    const [, printed] = /It prints `(.+)`/.exec(README)!;
    expect(await runModule(example!)).toEqual({ code: 0, stdout: `${printed}\n`, stderr: '' });
  });

  it('shows commands that work', async () => {
    const commands = blocksOf('sh').flatMap((block) => block.split('\n'));
    const addresses = commands.filter((line) => line.startsWith('6bed4 address '));
    expect(addresses).toHaveLength(2);
    for (const line of addresses) {
      expect(await run(...line.split(' ').slice(1))).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it.each(['router', 'peer'])('knows all options of 6bed4 %s', async (command) => {
    const { stdout } = await run(command, '--help');
    const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]!);
    expect(options.length).toBeGreaterThan(5);
    for (const option of options) expect(README).toContain(option);
  });
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as codec from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the first example of the README gives what it says', () => {
  const block = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const promised = [...block.matchAll(/; \/\/ → (.*)$/gm)].map((match) => JSON.parse(match[1]!));
  expect(promised.length).toBeGreaterThan(3);
  const code = block
    .replace(/^import .*$/gm, '')
    .replace(/^(.*); \/\/ → .*$/gm, 'results.push($1);');
  const results: unknown[] = [];
  const scope = { ...codec, results };
  new Function(...Object.keys(scope), code)(...Object.values(scope));
  expect(results).toEqual(promised);
});

test('the README has the constants of the profiles', () => {
  const profiles = { ...codec };
  for (const [name, port] of [...readme.matchAll(/^\| `(\w+)` +\| `draft0\d` \| (\d+)/gm)].map(
    ([, name, port]) => [name!, Number(port)] as const,
  )) {
    expect(profiles[name as 'reference2020'].port).toBe(port);
  }
});

import { readFileSync } from 'node:fs';
import * as codec from '@6bed4/codec';
import { expect, test } from 'vitest';
import * as nd from '../src/index.js';

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
  const scope = { ...codec, ...nd, results };
  new Function(...Object.keys(scope), code)(...Object.values(scope));
  expect(results).toEqual(promised);
});

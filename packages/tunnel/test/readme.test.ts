import { readFileSync } from 'node:fs';
import * as codec from '@6bed4/codec';
import { expect, test } from 'vitest';
import { dropReasons } from '../src/drop.js';
import * as tunnel from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the first example of the README prints what it says', () => {
  const block = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const code = block.replace(/^import .*$/gm, '');
  const printed: string[] = [];
  const scope = {
    ...codec,
    ...tunnel,
    console: { log: (...words: unknown[]) => printed.push(words.join(' ')) },
  };
  new Function(...Object.keys(scope), code)(...Object.values(scope));
  const promised = [...block.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
  expect(promised.length).toBeGreaterThan(0);
  expect(printed).toEqual(promised);
});

test('the README names every reason to drop', () => {
  for (const reason of dropReasons.slice(1)) expect(readme).toContain(`\`${reason}\``);
});

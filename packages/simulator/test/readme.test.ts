import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as simulator from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the first example of the README prints what it says', () => {
  const block = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const code = block.replace(/^import .*$/gm, '');
  const printed: string[] = [];
  const scope = {
    ...simulator,
    console: { log: (...words: unknown[]) => printed.push(words.join(' ')) },
  };
  new Function(...Object.keys(scope), code)(...Object.values(scope));
  const promised = [...block.matchAll(/^\/\/ prints: (.*)$/gm)].map((match) => match[1]);
  expect(promised.length).toBeGreaterThan(0);
  expect(printed.slice(0, promised.length)).toEqual(promised);
  expect(printed.at(-1)).toMatch(/^true .*echo reply a → b/s);
});

test('the README names every reason to drop a datagram a datagram', () => {
  const source = readFileSync(new URL('../src/wire/dropReason.ts', import.meta.url), 'utf8');
  const reasons = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map((match) => match[1]!);
  expect(reasons).toContain('no-mapping');
  for (const reason of reasons) expect(readme).toContain(`\`${reason}\``);
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as codec from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the README has the constants of the profiles', () => {
  const profiles = { ...codec };
  for (const [name, port] of [...readme.matchAll(/^\| `(\w+)` +\| `draft0\d` \| (\d+)/gm)].map(
    ([, name, port]) => [name!, Number(port)] as const,
  )) {
    expect(profiles[name as 'reference2020'].port).toBe(port);
  }
});

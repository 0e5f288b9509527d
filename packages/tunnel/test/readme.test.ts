import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dropReasons } from '../src/report/drop.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the README names every reason to drop a packet', () => {
  for (const reason of dropReasons.slice(1)) expect(readme).toContain(`\`${reason}\``);
});

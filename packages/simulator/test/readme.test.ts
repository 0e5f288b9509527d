import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

test('the README names every reason to drop a datagram', () => {
  const source = readFileSync(new URL('../src/datagram/dropReason.ts', import.meta.url), 'utf8');
  const reasons = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map((match) => match[1]!);
  expect(reasons).toContain('no-mapping');
  for (const reason of reasons) expect(readme).toContain(`\`${reason}\``);
});

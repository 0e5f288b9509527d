import { readFileSync } from 'node:fs';
import { requireBuild, runModule } from '@6bed4/testing/command';
import { beforeAll, expect, test } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

function blocks(text: string): string[] {
  return [...text.matchAll(/```js\n(.*?)```/gs)].map((match) => match[1]!);
}

beforeAll(requireBuild);

test('the example of the README prints the output in the README', async () => {
  const [example, ...others] = blocks(README);
  expect(others).toEqual([]);
  const [, printed] = /It prints `(.+)`/.exec(README)!;
  expect(await runModule(example!)).toEqual({ code: 0, stdout: `${printed}\n`, stderr: '' });
}, 20_000);

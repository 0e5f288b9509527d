import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { requireBuild, runModule } from '../../testing/src/command.js';

const read = (path: string): string =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

function blocks(text: string): string[] {
  return [...text.matchAll(/```js\n(.*?)```/gs)].map((match) => match[1]!);
}

beforeAll(requireBuild);

test('the example of the guide to streams prints what it says', async () => {
  const guide = read('docs/streams.md');
  const [example, ...others] = blocks(guide);
  expect(others).toEqual([]);
  const [, printed] = /It prints `(.+)`/.exec(guide)!;
  expect(await runModule(example!)).toEqual({ code: 0, stdout: `${printed}\n`, stderr: '' });
}, 20_000);

test('the example in the README of the package gets its echo', async () => {
  const example = blocks(read('packages/node/README.md')).find((block) =>
    block.includes('createServer'),
  );
  expect(await runModule(example!)).toEqual({ code: 0, stdout: 'hello again\n', stderr: '' });
}, 20_000);

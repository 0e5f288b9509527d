import { createRequire } from 'node:module';
import * as library from '@6bed4/node';
import { expect, test } from '@jest/globals';

const { hello } = createRequire(import.meta.url)('../hello/hello.cjs');
const modules = JSON.parse(process.env.SIXBED4_MODULES);

test.each(modules)('%s is loaded by import', async (name) => {
  expect(Object.keys(await import(name))).not.toEqual([]);
});

test('datagrams and bytes arrive', async () => {
  expect(await hello(library)).toBe('hello world');
});

import { expect, test, vi } from 'vitest';
import { remembering, resolveBySystem } from '../../src/proxy/names.js';

test('the system resolves names of its files', async () => {
  expect(await resolveBySystem('localhost', 4)).toContain('127.0.0.1');
});

test('answers and questions under way are remembered for half a minute', async () => {
  let now = 0;
  const resolve = vi.fn(() => Promise.resolve(['2001:db8::1']));
  const remembered = remembering(resolve, () => now);
  const [one, two] = [remembered('a.example', 6), remembered('A.example', 6)];
  expect(await one).toEqual(await two);
  now = 29_999;
  await remembered('a.example', 6);
  expect(resolve).toHaveBeenCalledTimes(1);
  await remembered('a.example', 4);
  now = 30_000;
  await remembered('a.example', 6);
  expect(resolve).toHaveBeenCalledTimes(3);
});

test('failures are not remembered, and names only up to a thousand', async () => {
  const resolve = vi.fn((name: string) =>
    name === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve([]),
  );
  const remembered = remembering(resolve);
  await expect(remembered('bad', 6)).rejects.toThrow('bad');
  await expect(remembered('bad', 6)).rejects.toThrow('bad');
  expect(resolve).toHaveBeenCalledTimes(2);
  for (let index = 0; index < 1_001; index++) await remembered(`n${index}`, 6);
  await remembered('n1000', 6);
  expect(resolve).toHaveBeenCalledTimes(1_003);
  await remembered('n0', 6);
  expect(resolve).toHaveBeenCalledTimes(1_004);
});

test('no more than 16 addresses of a name are kept', async () => {
  const all = Array.from({ length: 2_000 }, (_, index) => `2001:db8::${index.toString(16)}`);
  const remembered = remembering(() => Promise.resolve(all));
  expect(await remembered('many.example', 6)).toEqual(all.slice(0, 16));
});

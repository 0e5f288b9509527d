import { reference2020 } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { findRouters } from '../../src/check/findRouters.js';

test('a router that is named twice is asked once', async () => {
  const given = ['192.0.2.1', '192.0.2.9', '192.0.2.1:25790', '192.0.2.1:25791'];
  expect(await findRouters(given, reference2020)).toEqual([
    { address: '192.0.2.1', port: 25790 },
    { address: '192.0.2.9', port: 25790 },
    { address: '192.0.2.1', port: 25791 },
  ]);
});

test('a name and an address of the same router are asked once', async () => {
  const given = ['localhost', '127.0.0.1'];
  expect(await findRouters(given, reference2020)).toEqual([{ address: '127.0.0.1', port: 25790 }]);
});

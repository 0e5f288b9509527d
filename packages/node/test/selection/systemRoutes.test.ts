import { describe, expect, test } from 'vitest';
import { SystemRoutes } from '../../src/selection/systemRoutes.js';

describe.runIf(process.platform === 'linux')('the routes of this computer', () => {
  test('say which interface packets to an address take', async () => {
    const routes = (await SystemRoutes.open())!;
    expect(routes.deviceTo('::1')).toBe('lo');
    expect(() => routes.deviceTo('192.0.2.1')).toThrow('destination');
  });

  test('are looked through until one suits', async () => {
    const routes = (await SystemRoutes.open())!;
    let count = 0;
    expect(routes.find(() => ++count < 0)).toBeNull();
    const found = routes.find(() => true);
    expect(found === null).toBe(count === 0);
    if (found !== null) expect(found).toMatchObject({ prefix: { length: 16 } });
  });
});

test.runIf(process.platform !== 'linux')('only Linux is asked for routes', async () => {
  expect(await SystemRoutes.open()).toBeNull();
});

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type DriverName, openTunnel, startRouter } from '../../src/index.js';

const BYTES = 300_000;

describe.skipIf(process.platform !== 'linux')('a tunnel', () => {
  test.each<[DriverName, DriverName]>([
    ['linux', 'portable'],
    ['portable', 'auto'],
  ])('with the driver %s reaches one with %s, and tells what it uses', async (one, other) => {
    await using router = await startRouter({ listen: '127.0.0.1', port: 0, driver: other });
    const openOne = (driver: DriverName): ReturnType<typeof openTunnel> =>
      openTunnel({ routers: router.endpoint, listen: '127.0.0.1', driver });
    await using left = await openOne(one);
    await using right = await openOne(other);
    const server = right.createServer((socket) => socket.end(Buffer.alloc(BYTES, 1)));
    server.listen(0);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = left.connect({ host: right.address!, port });
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(received).toBe(BYTES);
    const report = left.peer.driver();
    expect(report).toMatchObject({ name: one, workers: 0, reason: null });
    expect(report.batches === null).toBe(one === 'portable');
    expect(right.peer.driver().name).toBe(other === 'portable' ? 'portable' : 'linux');
  });

  test('refuses a driver that there is not', async () => {
    const driver = 'fast' as DriverName;
    await expect(openTunnel({ routers: '192.0.2.1', driver })).rejects.toThrow(
      'driver: found "fast", expected one of auto, linux, portable',
    );
  });
});

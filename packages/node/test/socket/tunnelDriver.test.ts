import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type DriverName, openTunnel, startRouter } from '../../src/index.js';

const BYTES = 300_000;
/** In one callback. */
const DATAGRAMS = 48;
const PAYLOAD = Buffer.alloc(1_200, 1);

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

  test('moves what one callback sends by few system calls, the router between too', async () => {
    await using router = await startRouter({ listen: '127.0.0.1', port: 0 });
    const options = {
      routers: router.endpoint,
      listen: '127.0.0.1',
      policy: 'prohibited',
    } as const;
    await using left = await openTunnel(options);
    await using right = await openTunnel(options);
    const receiver = right.createSocket('udp6').bind(5_000);
    const sender = left.createSocket('udp6').bind(5_000);
    await Promise.all([once(receiver, 'listening'), once(sender, 'listening')]);
    const isComplete = new Promise<void>((resolve) => {
      let received = 0;
      receiver.on('message', () => {
        if (++received === DATAGRAMS) resolve();
      });
    });
    const drivers = [left.peer, right.peer, router];
    const before = drivers.map((one) => one.driver().batches!);
    for (let count = 0; count < DATAGRAMS; count++) sender.send(PAYLOAD, 5_000, right.address!);
    await isComplete;
    const calls = drivers.map((one, index) => {
      const { sendCalls, receiveCalls } = one.driver().batches!;
      return [sendCalls - before[index]!.sendCalls, receiveCalls - before[index]!.receiveCalls];
    });
    // One call each, and some for what tunnels say to their router meanwhile.
    for (const number of calls.flat()) expect(number).toBeLessThanOrEqual(DATAGRAMS / 4);
  });

  test('refuses a driver that there is not', async () => {
    const driver = 'fast' as DriverName;
    await expect(openTunnel({ routers: '192.0.2.1', driver })).rejects.toThrow(
      'driver: found "fast", expected one of auto, linux, portable',
    );
  });
});

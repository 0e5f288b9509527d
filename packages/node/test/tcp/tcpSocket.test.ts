import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { TcpServer, TcpSocket, Tunnel } from '../../src/index.js';
import { type TunnelLab, tunnelLab } from '../support/datagramPlaces.js';

const labs: TunnelLab[] = [];

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.close()));
});

async function pair(): Promise<[client: Tunnel, server: Tunnel]> {
  const lab = await tunnelLab();
  labs.push(lab);
  return [await lab.open(), await lab.open()];
}

async function listenOn(
  tunnel: Tunnel,
  listener?: (socket: TcpSocket) => void,
): Promise<[TcpServer, number]> {
  const server = tunnel.createServer(listener);
  server.listen(0);
  await once(server, 'listening');
  return [server, server.address()!.port];
}

describe('a connection between two tunnels', () => {
  test('carries data both ways and ends', async () => {
    const [left, right] = await pair();
    const [server, port] = await listenOn(right, (socket) => socket.pipe(socket));
    const socket = left.connect(port, right.address!);
    socket.end('hello');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const [hadError] = await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    expect(hadError).toBe(false);
    server.close();
    await once(server, 'close');
  });

  test('carries megabytes unchanged', async () => {
    const [left, right] = await pair();
    const data = randomBytes(5_000_000);
    const hash = createHash('sha256');
    const [server, port] = await listenOn(right, (socket) => void socket.pipe(hash));
    const socket = left.connect(port, right.address!);
    socket.end(data);
    await once(hash, 'readable');
    expect(hash.read()).toEqual(createHash('sha256').update(data).digest());
    server.close();
  });

  test('is refused where nobody listens', async () => {
    const [left, right] = await pair();
    const socket = left.connect(81, right.address!);
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({
      message: `connect ECONNREFUSED ${right.address}:81`,
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: right.address,
      port: 81,
    });
  });

  test('is made within one tunnel, by ::1 and by its address', async () => {
    const [left] = await pair();
    const [server, port] = await listenOn(left, (socket) => socket.end('hi'));
    for (const host of ['::1', left.address!, 'localhost']) {
      const [data] = await once(left.connect(port, host), 'data');
      expect(data.toString()).toBe('hi');
    }
    server.close();
    await once(server, 'close');
  });
});

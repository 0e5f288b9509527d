import { once } from 'node:events';
import type { Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { TcpSocket } from '../../src/index.js';
import { listening, twoTunnels } from './support/tcpLab.js';

describe('the lanip', () => {
  test('of a server chooses its address, and leaves the port free elsewhere', async () => {
    const [left, right] = await twoTunnels();
    const special = right.createServer({ lanip: 7 }, (socket) => socket.end('special'));
    const port = await listening(special as unknown as Server);
    const usual = right.createServer((socket) => socket.end('usual')).listen(port);
    await once(usual, 'listening');
    const [address] = right.addressesOf(7);
    expect(address).not.toBe(right.address);
    const answers = [address!, right.address!].map(async (host) =>
      String((await once(left.connect(port, host), 'data'))[0]),
    );
    expect(await Promise.all(answers)).toEqual(['special', 'usual']);
    usual.close();
  });

  test('of a server keeps ::1 for that of the tunnel', async () => {
    const [, right] = await twoTunnels();
    const port = await listening(right.createServer({ lanip: 7 }) as unknown as Server);
    const [error] = await once(right.connect(port, '::1'), 'error');
    expect(error.code).toBe('ECONNREFUSED');
  });

  test('of connect chooses the local address', async () => {
    const [left, right] = await twoTunnels();
    const server = right.createServer();
    const port = await listening(server as unknown as Server);
    const socket = left.connect({ port, host: right.address!, lanip: 9 });
    const [accepted] = (await once(server, 'connection')) as [TcpSocket];
    const [address] = left.addressesOf(9);
    expect(address).not.toBe(left.address);
    expect(accepted.remoteAddress).toBe(address);
    if (socket.connecting) await once(socket, 'connect');
    expect(socket.localAddress).toBe(address);
    accepted.end('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
  });

  test('is in range, or connect and createServer throw', async () => {
    const [tunnel] = await twoTunnels();
    for (const lanip of [0, 16_384, 1.5]) {
      const outOfRange = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
      expect(() => tunnel.connect({ port: 80, host: '::1', lanip })).toThrow(outOfRange);
      expect(() => tunnel.createServer({ lanip })).toThrow(outOfRange);
    }
  });
});

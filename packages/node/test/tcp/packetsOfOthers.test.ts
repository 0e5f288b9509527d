import { once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIPv6 } from '@6bed4/codec';
import { buildIcmpError } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import type { TcpSocket } from '../../src/index.js';
import { fragmentsOf, withOptions } from '../support/fragments.js';
import { rawTcp } from './support/rawTcp.js';
import { listening, newLab } from './support/tcpLab.js';

describe('packets of others', () => {
  test('with options before TCP reach the socket', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const { stack, from } = await rawTcp(lab, (packet) => [withOptions(packet)]);
    const server = tunnel.createServer();
    const port = await listening(server as unknown as Server);
    const remote = { address: parseIPv6(tunnel.address!), port };
    const connection = stack.connect({ address: from, port: 0 }, remote, performance.now());
    const [socket] = (await once(server, 'connection')) as [TcpSocket];
    connection.write(Buffer.from('hello'), 0, 5, performance.now());
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
  });

  test('in fragments reach the socket, those that come out of order too', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    let identification = 0;
    let fragments = 0;
    const { stack, from } = await rawTcp(lab, (packet) => {
      // The whole header of TCP is in the first fragment (RFC 7112 §5).
      const pieces = fragmentsOf(packet, [64, 400, 800], ++identification);
      fragments += pieces.length > 1 ? pieces.length : 0;
      return pieces.reverse();
    });
    const server = tunnel.createServer();
    const port = await listening(server as unknown as Server);
    const remote = { address: parseIPv6(tunnel.address!), port };
    const connection = stack.connect({ address: from, port: 0 }, remote, performance.now());
    const [socket] = (await once(server, 'connection')) as [TcpSocket];
    const sent = Buffer.alloc(5_000).map((_, index) => index % 251);
    expect(connection.write(sent, 0, sent.length, performance.now())).toBe(sent.length);
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    await expect.poll(() => socket.bytesRead).toBe(sent.length);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(fragments).toBeGreaterThan(10);
  });

  test('in fragments of which the first ends within the header of TCP are dropped', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const { stack, from } = await rawTcp(lab, (packet) => fragmentsOf(packet, [8]));
    const server = tunnel.createServer();
    let connections = 0;
    server.on('connection', () => connections++);
    const port = await listening(server as unknown as Server);
    const remote = { address: parseIPv6(tunnel.address!), port };
    const connection = stack.connect({ address: from, port: 0 }, remote, performance.now());
    await sleep(100);
    expect([connections, connection.state]).toEqual([0, 'SYN-SENT']);
  });

  test('to a port where nobody listens are reset', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const { stack, from } = await rawTcp(lab);
    const remote = { address: parseIPv6(tunnel.address!), port: 81 };
    const connection = stack.connect({ address: from, port: 0 }, remote, performance.now());
    await expect.poll(() => connection.error).toBe('ECONNREFUSED');
  });

  test('that tell that an address cannot be reached end the attempt, with the path', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const { raw, from } = await rawTcp(lab);
    raw.removeAllListeners('packet');
    raw.once('packet', (invoking) => {
      const to = parseIPv6(tunnel.address!);
      const about = { source: from, destination: to, invoking };
      raw.send(buildIcmpError({ type: 'destination-unreachable', code: 3, ...about } as never));
    });
    const [error] = await once(tunnel.connect(80, raw.address!), 'error');
    expect(error).toMatchObject({ code: 'EHOSTUNREACH', address: raw.address, port: 80 });
    expect(error.path).toMatch(/relayed|direct/);
    expect(error.router).toMatch(/^198\.51\.100\.1:25790$/);
    expect(error.message).toMatch(/^connect EHOSTUNREACH \S+:80 - tried (through router|by the)/);
  });

  test('that make no sense change nothing', async () => {
    const lab = await newLab();
    const [tunnel, other] = [await lab.open(), await lab.open()];
    const { raw, from } = await rawTcp(lab);
    raw.removeAllListeners('packet');
    const server = tunnel.createServer((accepted) => accepted.pipe(accepted));
    const port = await listening(server as unknown as Server);
    const random = seededRandom(4);
    const byte = (): number => Math.floor(random() * 256);
    for (let count = 0; count < 5_000; count++) {
      const size = Math.floor(random() * 80);
      const packet = new Uint8Array(40 + size).map(byte);
      packet.set([0x60, 0, 0, 0, size >>> 8, size & 255, 6, 64]);
      packet.set(from, 8);
      packet.set(parseIPv6(tunnel.address!), 24);
      if (size > 3) packet.set([port >>> 8, port & 255], 42);
      raw.send(packet);
    }
    const socket = other.connect(port, tunnel.address!);
    socket.end('fine');
    expect(String((await once(socket, 'data'))[0])).toBe('fine');
  });
});

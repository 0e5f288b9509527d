import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { datagramBytes, readDatagram } from '../../src/proxy/socksMessages.js';
import type { DatagramSocket } from '../../src/relay/network.js';
import { Endings, until } from '../support/endings.js';
import { FAR, loopbackNetwork, NOWHERE } from '../support/loopbackNetwork.js';
import { type ProxySetup, startProxy } from '../support/proxySetup.js';

const endings = new Endings();
afterEach(() => endings.run());

/** A UDP socket that keeps what it receives. */
async function udp(type: 'udp4' | 'udp6', host: string) {
  const socket: UdpSocket = createSocket(type);
  const received: { message: Buffer; from: RemoteInfo }[] = [];
  socket.on('message', (message, from) => received.push({ message, from }));
  socket.bind(0, host);
  await once(socket, 'listening');
  endings.add(() => socket.close());
  return { socket, received, port: socket.address().port };
}

/** A server of ::1 that sends datagrams back. */
async function echo(): Promise<number> {
  const { socket, port } = await udp('udp6', '::1');
  socket.on('message', (message, from) => socket.send(message, from.port, from.address));
  return port;
}

/** Asks for an association; its connection, and the port to send to. */
async function associate(setup: ProxySetup, port = 0): Promise<{ control: Socket; at: number }> {
  const control = connect(setup.socks, '127.0.0.1');
  control.on('error', () => {});
  endings.add(() => control.destroy());
  const request = Buffer.of(5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, port >> 8, port & 255);
  control.write(request);
  let answer = Buffer.alloc(0);
  control.on('data', (bytes: Buffer) => {
    answer = Buffer.concat([answer, bytes]);
  });
  await until(() => answer.length >= 12);
  expect([...answer.subarray(0, 10)]).toEqual([5, 0, 5, 0, 0, 1, 127, 0, 0, 1]);
  return { control, at: answer.readUInt16BE(10) };
}

const counts = ({ proxy }: ProxySetup) => proxy.counts().socks!.udp;

function withName(name: string, port: number, data: string): Buffer {
  const head = Buffer.of(0, 0, 0, 3, name.length);
  return Buffer.concat([
    head,
    Buffer.from(name),
    Buffer.of(port >> 8, port & 255),
    Buffer.from(data),
  ]);
}

describe('UDP ASSOCIATE', () => {
  test('carries datagrams to addresses and names, and the answers (RFC 1928 §7)', async () => {
    const [far, setup] = [await echo(), await startProxy(endings)];
    const { at } = await associate(setup);
    const client = await udp('udp4', '127.0.0.1');
    client.socket.send(datagramBytes(FAR, far, Buffer.from('one')), at, '127.0.0.1');
    await until(() => client.received.length === 1);
    client.socket.send(withName('far.example', far, 'two'), at, '127.0.0.1');
    await until(() => client.received.length === 2);
    expect(client.received.map(({ message }) => readDatagram(message))).toEqual([
      { host: FAR, port: far, data: Buffer.from('one') },
      { host: FAR, port: far, data: Buffer.from('two') },
    ]);
    expect(counts(setup)).toMatchObject({ open: 1, datagramsReceived: 2, datagramsSent: 2 });
  });

  test('drops fragments, nonsense, and what may not be reached', async () => {
    const [far, setup] = [await echo(), await startProxy(endings)];
    const { at } = await associate(setup);
    const client = await udp('udp4', '127.0.0.1');
    const fragment = datagramBytes(FAR, far, Buffer.from('x'));
    fragment[2] = 1;
    for (const bytes of [
      fragment,
      Buffer.of(0, 0, 0),
      datagramBytes('192.0.2.1', 53, Buffer.alloc(1)),
      datagramBytes('::1', 53, Buffer.alloc(1)),
      datagramBytes(FAR, 0, Buffer.alloc(1)),
      withName('none.example', 53, ''),
    ]) {
      client.socket.send(bytes, at, '127.0.0.1');
    }
    const dropped = { fragment: 1, malformed: 1, 'ipv4-only': 1, prohibited: 2, 'not-found': 1 };
    await until(() => Object.values(counts(setup).dropped).reduce((a, b) => a + b, 0) === 6);
    expect(counts(setup).dropped).toEqual(dropped);
    expect(client.received).toEqual([]);
  });

  test('is for the address of the client, and for the port of its first datagram', async () => {
    const [far, setup] = [await echo(), await startProxy(endings)];
    const { at } = await associate(setup);
    const [client, other] = [await udp('udp4', '127.0.0.1'), await udp('udp4', '127.0.0.1')];
    const elsewhere = await udp('udp4', '127.0.0.2');
    const bytes = datagramBytes(FAR, far, Buffer.from('x'));
    elsewhere.socket.send(bytes, at, '127.0.0.1');
    await until(() => counts(setup).dropped['not-the-client'] === 1);
    client.socket.send(bytes, at, '127.0.0.1');
    await until(() => client.received.length === 1);
    other.socket.send(bytes, at, '127.0.0.1');
    await until(() => counts(setup).dropped['not-the-client'] === 2);
    expect([...other.received, ...elsewhere.received]).toEqual([]);
  });

  test('is for the port that the client has announced', async () => {
    const [far, setup] = [await echo(), await startProxy(endings)];
    const [client, other] = [await udp('udp4', '127.0.0.1'), await udp('udp4', '127.0.0.1')];
    const { at } = await associate(setup, client.port);
    const bytes = datagramBytes(FAR, far, Buffer.from('x'));
    other.socket.send(bytes, at, '127.0.0.1');
    await until(() => counts(setup).dropped['not-the-client'] === 1);
    client.socket.send(bytes, at, '127.0.0.1');
    await until(() => client.received.length === 1);
  });

  test('passes on nothing from whom the client has sent nothing', async () => {
    const received: ((message: Buffer, from: RemoteInfo) => void)[] = [];
    const socket = {
      ...{ bind: () => {}, send: () => {}, close: () => {} },
      on: (event: string, listener: (typeof received)[number]) => {
        if (event === 'message') received.push(listener);
      },
    };
    const network = { ...loopbackNetwork, createSocket: () => socket as unknown as DatagramSocket };
    const setup = await startProxy(endings, { network });
    const { at } = await associate(setup);
    const client = await udp('udp4', '127.0.0.1');
    client.socket.send(datagramBytes(FAR, 53, Buffer.from('x')), at, '127.0.0.1');
    await until(() => received.length === 1);
    const from = { family: 'IPv6', port: 53, size: 1 } as const;
    received[0]!(Buffer.from('a'), { ...from, address: NOWHERE });
    received[0]!(Buffer.from('b'), { ...from, address: FAR });
    await until(() => client.received.length === 1);
    expect(readDatagram(client.received[0]!.message)).toMatchObject({ data: Buffer.from('b') });
    expect(counts(setup).dropped).toEqual({ stranger: 1 });
  });

  test('ends with its connection', async () => {
    const [far, setup] = [await echo(), await startProxy(endings)];
    const { at, control } = await associate(setup);
    const client = await udp('udp4', '127.0.0.1');
    client.socket.send(datagramBytes(FAR, far, Buffer.from('x')), at, '127.0.0.1');
    await until(() => client.received.length === 1);
    control.end();
    await until(() => counts(setup).open === 0);
    client.socket.send(datagramBytes(FAR, far, Buffer.from('x')), at, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.received).toHaveLength(1);
    expect(counts(setup)).toMatchObject({ accepted: 1, datagramsReceived: 1 });
  });

  test('ends after the idle time, which datagrams begin anew', async () => {
    const [far, setup] = [
      await echo(),
      await startProxy(endings, { limits: { maxConnections: 100, idleTimeout: 400 } }),
    ];
    const { at } = await associate(setup);
    const client = await udp('udp4', '127.0.0.1');
    const start = performance.now();
    for (let index = 0; index < 4; index++) {
      client.socket.send(datagramBytes(FAR, far, Buffer.from('x')), at, '127.0.0.1');
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await until(() => counts(setup).open === 0);
    expect(performance.now() - start).toBeGreaterThan(800);
  });

  test('is refused beyond 256 at the same time', async () => {
    const setup = await startProxy(endings, {
      limits: { maxConnections: 1_000, idleTimeout: 10_000 },
    });
    await Promise.all(Array.from({ length: 256 }, () => associate(setup)));
    const one = connect(setup.socks, '127.0.0.1');
    endings.add(() => one.destroy());
    let answer = Buffer.alloc(0);
    one.on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes]);
    });
    one.write(Buffer.of(5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0));
    await until(() => answer.length >= 12);
    expect(answer[3]).toBe(1);
    expect(counts(setup)).toMatchObject({ open: 256 });
  });
});

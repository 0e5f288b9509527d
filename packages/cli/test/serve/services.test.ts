import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServeOptions, ServiceEvent } from '../../src/serve/runningService.js';
import { service } from '../../src/serve/service.js';
import { Services } from '../../src/serve/services.js';
import { Endings, readAll, until } from '../support/endings.js';
import { loopbackNetwork } from '../support/loopbackNetwork.js';

const endings = new Endings();
afterEach(() => endings.run());

interface Published {
  readonly services: Services;
  readonly events: ServiceEvent[];
  /** Port of ::1 that stands for that of the 6bed4 address. */
  readonly port: number;
}

/** Publishes a service of this computer, as `tcp` or `udp`. */
async function publish(
  protocol: 'tcp' | 'udp',
  local: string,
  options: Partial<ServeOptions> = {},
): Promise<Published> {
  const events: ServiceEvent[] = [];
  const port = await freePort('::1');
  const one = service(`${protocol}:${port}=${local}`);
  const services = new Services([one], loopbackNetwork, {
    proxyProtocol: false,
    limits: { maxConnections: 100, idleTimeout: 10_000 },
    onConnection: (event) => events.push(event),
    ...options,
  });
  await services.listen();
  endings.add(() => services.close());
  return { services, events, port };
}

function remote(port: number): Socket {
  const socket = connect({ port, host: '::1', allowHalfOpen: true });
  socket.on('error', () => {});
  endings.add(() => socket.destroy());
  return socket;
}

describe('a TCP service', () => {
  test.each(['127.0.0.1', '::1'])('of %s is reached with half-closes', async (host) => {
    const local = await endings.server((socket) => {
      void readAll(socket).then(({ bytes }) => socket.end(`you said ${bytes}`));
    }, host);
    const text = host.includes(':') ? `[${host}]:${local}` : `${host}:${local}`;
    const { port, services, events } = await publish('tcp', text);
    const socket = remote(port);
    socket.end('hello');
    expect(String((await readAll(socket)).bytes)).toBe('you said hello');
    await until(() => (services.counts()[0] as { open: number }).open === 0);
    expect(services.counts()).toMatchObject([
      { service: `${port}=${text}`, accepted: 1, failed: {}, bytesReceived: 5, bytesSent: 14 },
    ]);
    expect(events).toMatchObject([{ failure: null, remote: { address: '::1' } }]);
  });

  test('that refuses shows as a reset', async () => {
    const { port, services, events } = await publish('tcp', `127.0.0.1:${await freePort()}`);
    expect((await readAll(remote(port))).code).toBe('ECONNRESET');
    expect(services.counts()).toMatchObject([{ failed: { ECONNREFUSED: 1 } }]);
    expect(events).toMatchObject([{ failure: 'ECONNREFUSED' }]);
  });

  test('learns who has connected by the PROXY protocol, before anything else', async () => {
    let received: Promise<{ bytes: Buffer }> | undefined;
    const local = await endings.server((socket) => {
      received = readAll(socket);
    }, '127.0.0.1');
    const { port } = await publish('tcp', `127.0.0.1:${local}`, { proxyProtocol: true });
    const socket = remote(port);
    socket.end('hello');
    await until(() => received !== undefined);
    const { bytes } = await received!;
    const expected = Buffer.concat([
      Buffer.from('0d0a0d0a000d0a515549540a21210024', 'hex'),
      ...[Buffer.alloc(15), Buffer.of(1), Buffer.alloc(15), Buffer.of(1)],
      Buffer.of(socket.localPort! >> 8, socket.localPort! & 255, port >> 8, port & 255),
      Buffer.from('hello'),
    ]);
    expect(bytes).toEqual(expected);
  });

  test('takes no more connections than it may', async () => {
    const local = await endings.server(() => {}, '127.0.0.1');
    const { port, events } = await publish('tcp', `127.0.0.1:${local}`, {
      limits: { maxConnections: 1, idleTimeout: 10_000 },
    });
    remote(port);
    await until(() => events.length === 1);
    expect((await readAll(remote(port))).code).toBe('ECONNRESET');
  });

  test('whose port another one has is refused in one line', async () => {
    const { port } = await publish('tcp', '127.0.0.1:1');
    const options = { proxyProtocol: false, limits: { maxConnections: 1, idleTimeout: 1 } };
    const one = service(`${port}=127.0.0.1:2`);
    const second = new Services([one], loopbackNetwork, { ...options, onConnection: () => {} });
    endings.add(() => second.close());
    await expect(second.listen()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `${port}=127.0.0.1:2 cannot be served: another service has the same port; give each its own`,
    });
  });
});

/** A UDP socket that keeps what it receives. */
async function udp(type: 'udp4' | 'udp6', host: string) {
  const socket = createSocket(type);
  const received: { text: string; port: number }[] = [];
  socket.on('message', (message, { port }) => received.push({ text: String(message), port }));
  socket.on('error', () => {});
  socket.bind(0, host);
  await once(socket, 'listening');
  endings.add(() => socket.close());
  return { socket, received, port: socket.address().port };
}

describe('a UDP service', () => {
  test('tells its remotes apart, and answers each', async () => {
    const local = await udp('udp4', '127.0.0.1');
    local.socket.on('message', (message, from) =>
      local.socket.send(`re: ${message}`, from.port, from.address),
    );
    const { port, services } = await publish('udp', `127.0.0.1:${local.port}`);
    const [one, two] = [await udp('udp6', '::1'), await udp('udp6', '::1')];
    for (let index = 0; index < 3; index++) one.socket.send(`one ${index}`, port, '::1');
    two.socket.send('two', port, '::1');
    await until(() => one.received.length === 3 && two.received.length === 1);
    expect(one.received.map(({ text }) => text).sort()).toEqual([
      ...['re: one 0', 're: one 1', 're: one 2'],
    ]);
    expect(new Set(local.received.map((each) => each.port)).size).toBe(2);
    expect(services.counts()).toMatchObject([
      { open: 2, accepted: 2, datagramsReceived: 4, datagramsSent: 4, dropped: {} },
    ]);
  });

  test('forgets the remote longest silent when there are too many', async () => {
    const local = await udp('udp4', '127.0.0.1');
    const { port, services } = await publish('udp', `127.0.0.1:${local.port}`, {
      limits: { maxConnections: 2, idleTimeout: 10_000 },
    });
    const remotes = [await udp('udp6', '::1'), await udp('udp6', '::1'), await udp('udp6', '::1')];
    for (const [index, { socket }] of [...remotes, remotes[1]!].entries()) {
      socket.send('x', port, '::1');
      await until(() => local.received.length === index + 1);
    }
    expect(services.counts()).toMatchObject([{ open: 2, accepted: 3, dropped: { remotes: 1 } }]);
    expect(local.received[3]!.port).toBe(local.received[1]!.port);
    remotes[0]!.socket.send('x', port, '::1');
    await until(() => local.received.length === 5);
    expect(local.received[4]!.port).not.toBe(local.received[0]!.port);
  });

  test('that is not there costs datagrams, and comes back', async () => {
    const local = await freePort();
    const { port, services } = await publish('udp', `127.0.0.1:${local}`);
    const one = await udp('udp6', '::1');
    const timer = setInterval(() => one.socket.send('x', port, '::1'), 50);
    endings.add(() => clearInterval(timer));
    await until(
      () => (services.counts()[0] as { datagramsReceived: number }).datagramsReceived > 2,
    );
    const again = createSocket('udp4');
    endings.add(() => again.close());
    let came = 0;
    again.on('message', () => came++);
    again.bind(local, '127.0.0.1');
    await until(() => came > 0);
  });

  test('of an unknown host is refused', async () => {
    await expect(publish('udp', 'none.invalid:1')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

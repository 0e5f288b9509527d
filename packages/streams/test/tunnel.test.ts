import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryNetwork, startRouter } from '@6bed4/node';
import { afterEach, describe, expect, test } from 'vitest';
import {
  openTunnel,
  type StreamingTunnel,
  type TunnelServer,
  type TunnelStream,
} from '../src/index.js';
import { failure } from './support/endpoints.js';
import { NatPort } from './support/natPort.js';
import { noise, swallow } from './support/noise.js';

const MB = 1_000_000;
const ROUTER = '192.0.2.1';

let cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

interface Lab {
  readonly left: StreamingTunnel;
  readonly right: StreamingTunnel;
}

function tidy(...things: readonly { close(): Promise<unknown> }[]): void {
  for (const thing of things) cleanUps.push(() => thing.close());
}

/** Two tunnels over sockets of the system on 127.0.0.1. */
async function loopbackLab(): Promise<Lab> {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  tidy(router);
  const open = () => openTunnel({ routers: router.endpoint, listen: '127.0.0.1' });
  const [left, right] = await Promise.all([open(), open()]);
  tidy(left, right);
  return { left, right };
}

interface NattedLab extends Lab {
  /** Nothing passes between the NATs any more but by way of the router. */
  cut(): void;
  readonly nats: readonly [NatPort, NatPort];
}

/** Two tunnels behind NATs, on a network that loses a share of all datagrams. */
async function nattedLab(loss: number): Promise<NattedLab> {
  let isCut = false;
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const network = memoryNetwork({
    forward: ({ source, destination }) => {
      const relayed = source.address === ROUTER || destination.address === ROUTER;
      return (relayed || !isCut) && random() >= loss;
    },
  });
  const router = await startRouter({ datagrams: network.bind(ROUTER, 25_788) });
  tidy(router);
  const nats = [new NatPort(network, '198.51.100.1'), new NatPort(network, '203.0.113.1')] as const;
  const open = (datagrams: NatPort) => openTunnel({ routers: `${ROUTER}:25788`, datagrams });
  const [left, right] = await Promise.all(nats.map(open));
  tidy(left!, right!);
  const cut = (): void => {
    isCut = true;
  };
  return { left: left!, right: right!, nats, cut };
}

async function listening(server: TunnelServer, port = 0): Promise<number> {
  server.listen(port);
  await once(server, 'listening');
  return server.address()!.port;
}

test('two tunnels over loopback exchange data as over net', async () => {
  const { left, right } = await loopbackLab();
  const server = right.createServer((stream) => stream.pipe(stream));
  const port = await listening(server, 4_000);
  expect(port).toBe(4_000);
  const stream = left.connect({ host: right.address!, port });
  await once(stream, 'connect');
  expect(stream.remoteAddress).toBe(right.address);
  expect(stream.remotePort).toBe(4_000);
  expect(stream.localAddress).toBe(left.address);
  const bytes = noise(5 * MB);
  const [, echo] = await Promise.all([pipeline(bytes.source, stream), swallow(stream)]);
  expect(echo).toEqual([5 * MB, bytes.digest()]);
  const closed = once(server, 'close');
  server.close();
  await closed;
  expect(server.listening).toBe(false);
  const again = right.createServer();
  expect(await listening(again, 4_000)).toBe(4_000);
});

test('two peers behind NATs transfer 100 MB intact and directly at 2 % loss', async () => {
  const { left, right, nats } = await nattedLab(0.02);
  const server = right.createServer({ allowHalfOpen: true });
  const port = await listening(server);
  await left.waitForDirect(right.address!);
  const stream = left.connect({ host: right.address!, port }).resume();
  const [accepted] = (await once(server, 'connection')) as [TunnelStream];
  const bytes = noise(100 * MB);
  const [, result] = await Promise.all([pipeline(bytes.source, stream), swallow(accepted)]);
  accepted.end();
  await once(stream, 'close');
  expect(result).toEqual([100 * MB, bytes.digest()]);
  expect(left.path(right.address!)?.path).toBe('direct');
  expect(nats[1].seen.passed).toBeGreaterThan((100 * MB) / 1232);
}, 40_000);

test('a relayed stream continues when the path becomes direct', async () => {
  const { left, right } = await nattedLab(0);
  const server = right.createServer({ allowHalfOpen: true });
  const port = await listening(server);
  const paths: string[] = [];
  left.on('path', ({ path }) => paths.push(path));
  const stream = left.connect({ host: right.address!, port }).resume();
  const [accepted] = (await once(server, 'connection')) as [TunnelStream];
  const bytes = noise(20 * MB);
  const [, result] = await Promise.all([pipeline(bytes.source, stream), swallow(accepted)]);
  accepted.end();
  await once(stream, 'close');
  expect(result).toEqual([20 * MB, bytes.digest()]);
  expect(paths).toContain('direct');
}, 20_000);

test('a stream continues through the router when the direct path breaks', async () => {
  const { left, right, cut } = await nattedLab(0);
  const server = right.createServer({ allowHalfOpen: true });
  const port = await listening(server);
  await left.waitForDirect(right.address!);
  const stream = left.connect({ host: right.address!, port }).resume();
  const [accepted] = (await once(server, 'connection')) as [TunnelStream];
  accepted.on('data', () => {
    if (accepted.bytesRead > 5 * MB) cut();
  });
  const bytes = noise(10 * MB);
  const [, result] = await Promise.all([pipeline(bytes.source, stream), swallow(accepted)]);
  accepted.end();
  await once(stream, 'close');
  expect(result).toEqual([10 * MB, bytes.digest()]);
  expect(left.path(right.address!)?.path).not.toBe('direct');
}, 40_000);

describe('a failure', () => {
  test('to connect to a port without a server is ECONNREFUSED at once', async () => {
    const { left, right } = await loopbackLab();
    const before = performance.now();
    const stream = left.connect({ host: right.address!, port: 9 });
    expect(await failure(stream)).toBe('ECONNREFUSED');
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('to look up a name has the error of the lookup', async () => {
    const { left } = await loopbackLab();
    const stream = left.connect({
      host: 'nobody.invalid',
      port: 9,
      lookup: (_name, _family, callback) =>
        callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), ''),
    });
    expect(await failure(stream)).toBe('ENOTFOUND');
  });

  test('to listen on a port in use is EADDRINUSE', async () => {
    const { right } = await loopbackLab();
    const first = right.createServer();
    const port = await listening(first);
    const second = right.createServer();
    second.listen(port);
    const [error] = (await new Promise((resolve) => {
      second.once('error', (error) => resolve([error]));
    })) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
    expect(second.listening).toBe(false);
  });

  test('of the tunnel fails its streams with ECONNABORTED and closes the server', async () => {
    const { left, right } = await loopbackLab();
    const server = right.createServer();
    const port = await listening(server);
    const stream = left.connect({ host: right.address!, port });
    const [accepted] = (await once(server, 'connection')) as [TunnelStream];
    stream.on('error', () => {});
    const code = failure(accepted);
    const closed = once(server, 'close');
    await right.close();
    expect(await code).toBe('ECONNABORTED');
    await closed;
    stream.destroy();
  });

  test('by an abort signal while connecting is AbortError, and frees the port', async () => {
    const { left, right } = await loopbackLab();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = left.connect({ host: right.address!, port: 9, localPort: 5_000, signal });
    const code = failure(stream);
    controller.abort();
    expect(await code).toBe('ABORT_ERR');
    await sleep(50);
    const socket = left.createSocket('udp6').bind(5_000);
    await once(socket, 'listening');
  });
});

test('a listening server closes when its signal aborts', async () => {
  const { right } = await loopbackLab();
  const controller = new AbortController();
  const server = right.createServer();
  server.listen({ signal: controller.signal });
  await once(server, 'listening');
  const closed = once(server, 'close');
  controller.abort();
  await closed;
  expect(server.address()).toBeNull();
});

test('the HTTP server and client of Node work over streams', async () => {
  const { left, right } = await loopbackLab();
  const body = 'x'.repeat(200_000);
  const http = createHttpServer((incoming, response) => {
    response.end(`${incoming.url} ${body}`);
  });
  const server = right.createServer({ allowHalfOpen: true }, (stream) =>
    http.emit('connection', stream),
  );
  const port = await listening(server);
  const get = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const sent = request({
        path,
        createConnection: () => left.connect({ host: right.address!, port }),
      });
      sent.on('response', async (response) => {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        resolve(text);
      });
      sent.on('error', reject);
      sent.end();
    });
  expect(await get('/one')).toBe(`/one ${body}`);
  expect(await get('/two')).toBe(`/two ${body}`);
  server.closeAllConnections();
  http.close();
});

test('a stream from an address that is lost ends at once', async () => {
  const network = memoryNetwork();
  const router = await startRouter({ datagrams: network.bind(ROUTER, 25_788) });
  const port = network.bind('198.51.100.1');
  const routers = `${ROUTER}:25788`;
  const left = await openTunnel({ routers, datagrams: port });
  const right = await openTunnel({ routers, datagrams: network.bind('203.0.113.1') });
  tidy(router, left, right);
  const server = right.createServer((stream) => stream.on('error', () => {}));
  const stream = left.connect({ host: right.address!, port: await listening(server) });
  await once(stream, 'connect');
  stream.resume();
  const failed = failure(stream);
  const former = left.address;
  await port.rebind(false);
  left.removeRouter(routers);
  left.addRouter(routers);
  await once(left, 'address');
  expect(left.address).not.toBe(former);
  const start = Date.now();
  expect(await failed).toBe('ECONNABORTED');
  expect(Date.now() - start).toBeLessThan(5_000);
});

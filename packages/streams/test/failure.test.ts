import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createStreamEndpoint, StreamError } from '../src/index.js';
import { closeEndpoints, failure, wiredEndpoints } from './support/endpoints.js';

afterEach(closeEndpoints);

/** Nothing passes any more, in either direction. */
function cut({ nearSocket, farSocket }: Awaited<ReturnType<typeof wiredEndpoints>>): void {
  nearSocket.filter = () => false;
  farSocket.filter = () => false;
}

describe('connecting', () => {
  test('to an endpoint without a listener fails with ECONNREFUSED and its address', async () => {
    const { near, target } = await wiredEndpoints();
    const stream = near.connect(target);
    const [error] = await new Promise<[StreamError]>((resolve) => {
      stream.once('error', (error) => resolve([error as StreamError]));
    });
    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', ...target });
    expect(error.message).toContain('[2001:db8::2]:1002');
    expect(stream.destroyed).toBe(true);
  });

  test('to an endpoint with maxConnections connections fails with ECONNREFUSED', async () => {
    const { near, pair, target } = await wiredEndpoints({}, { maxConnections: 1 });
    const [first] = await pair();
    expect(await failure(near.connect(target))).toBe('ECONNREFUSED');
    expect(first.destroyed).toBe(false);
  });

  test('to an endpoint that does not answer fails with ETIMEDOUT after the timeout', async () => {
    const wired = await wiredEndpoints();
    cut(wired);
    const before = performance.now();
    const stream = wired.near.connect({ ...wired.target, timeout: 400 });
    expect(await failure(stream)).toBe('ETIMEDOUT');
    expect(performance.now() - before).toBeGreaterThan(390);
    expect(performance.now() - before).toBeLessThan(1_500);
  });

  test('by a connected socket to a closed port of this computer fails with ECONNREFUSED', async () => {
    const vacant = createSocket('udp6').bind(0, '::1');
    await once(vacant, 'listening');
    const { port } = vacant.address();
    vacant.close();
    const socket = createSocket('udp6');
    socket.connect(port, '::1');
    await once(socket, 'connect');
    const endpoint = await createStreamEndpoint(socket);
    const stream = endpoint.connect({ address: '::1', port });
    expect(await failure(stream)).toBe('ECONNREFUSED');
    endpoint.destroy();
    socket.close();
  });

  test('is aborted by a signal: the stream is destroyed with an AbortError, and the server closes its connection', async () => {
    const { near, far, target, pair } = await wiredEndpoints();
    const early = near.connect({ ...target, signal: AbortSignal.abort() });
    expect(await failure(early)).toBe('ABORT_ERR');
    const controller = new AbortController();
    const [client, server] = await pair({ signal: controller.signal });
    const theirs = failure(server);
    const ours = failure(client);
    controller.abort();
    expect(await ours).toBe('ABORT_ERR');
    expect(await theirs).toBe('ECONNRESET');
    await sleep(0);
    expect(far.streams.size).toBe(0);
  });

  test.each([
    [{ address: 'example.org', port: 1 }, /address: found example.org/],
    [{ address: '::1', port: 0 }, /port: found 0/],
    [{ address: '::1', port: 70_000 }, /port: found 70000/],
  ])('to %o fails with a RangeError that names the option', async (options, message) => {
    const { near } = await wiredEndpoints();
    expect(() => near.connect(options)).toThrow(message);
  });
});

describe('a stream that is connected', () => {
  test('fails with ECONNRESET when the peer destroys it with an error, and loses data in flight', async () => {
    const { pair } = await wiredEndpoints();
    const [client, server] = await pair();
    client.write(Buffer.alloc(1_000_000));
    const code = failure(client);
    server.destroy(new Error('no more'));
    expect(await code).toBe('ECONNRESET');
  });

  test('that is destroyed with unsent data fails with ECONNRESET at the peer, without an end', async () => {
    const { pair } = await wiredEndpoints({}, { receiveWindow: 64 * 1024 });
    const [client, server] = await pair();
    const ends: string[] = [];
    server.on('end', () => ends.push('end'));
    server.pause();
    client.write(Buffer.alloc(1_000_000));
    await sleep(100);
    const code = failure(server);
    client.destroy();
    expect(await code).toBe('ECONNRESET');
    expect(ends).toEqual([]);
  });

  test('fails with ECONNRESET also when the first CONNECTION_CLOSE packet is lost', async () => {
    const wired = await wiredEndpoints();
    const [client, server] = await wired.pair();
    const code = failure(client);
    let losses = 0;
    wired.farSocket.filter = () => losses++ >= 1;
    const before = performance.now();
    server.resetAndDestroy();
    expect(await code).toBe('ECONNRESET');
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(losses).toBeGreaterThan(1);
  });

  test('fails with EPIPE or ECONNRESET when the peer has ended and closed while we write', async () => {
    const { pair } = await wiredEndpoints({}, { allowHalfOpen: true });
    const [client, server] = await pair({ allowHalfOpen: true });
    client.resume();
    server.end();
    await once(client, 'end');
    server.destroy();
    await sleep(50);
    const code = failure(client);
    client.write('is there anybody?');
    expect(['EPIPE', 'ECONNRESET']).toContain(await code);
  });

  test('fails with ETIMEDOUT after `silence` when the peer disappears with data in flight', async () => {
    const wired = await wiredEndpoints({}, { silence: 600 });
    const [client] = await wired.pair();
    cut(wired);
    client.write('hello?');
    const before = performance.now();
    expect(await failure(client)).toBe('ETIMEDOUT');
    expect(performance.now() - before).toBeGreaterThan(500);
    expect(performance.now() - before).toBeLessThan(2_500);
  });

  test('fails with ETIMEDOUT when an idle peer disappears, but only with keepAlive', async () => {
    const wired = await wiredEndpoints({}, { silence: 400 });
    const [alert] = await wired.pair({ keepAlive: true, keepAliveInitialDelay: 200 });
    const [calm] = await wired.pair();
    const failures: string[] = [];
    calm.on('error', () => failures.push('calm'));
    cut(wired);
    expect(await failure(alert)).toBe('ETIMEDOUT');
    await sleep(300);
    expect(failures).toEqual([]);
  });

  test('stays open with keepAlive and an idle peer', async () => {
    const wired = await wiredEndpoints({}, { silence: 300 });
    const [client, server] = await wired.pair({ keepAlive: true, keepAliveInitialDelay: 100 });
    await sleep(1_200);
    server.end('still here');
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).toBe('still here');
  });

  test('stays open and sends nothing while idle without keepAlive', async () => {
    const wired = await wiredEndpoints({}, { silence: 200 });
    const [client, server] = await wired.pair();
    await sleep(200);
    const { datagrams } = wired.nearSocket.sent;
    await sleep(800);
    expect(wired.nearSocket.sent.datagrams).toBe(datagrams);
    server.end('x');
    expect((await once(client, 'data')).toString()).toBe('x');
  });
});

describe('an endpoint', () => {
  test('that closes lets its streams finish, refuses others and does not close the socket', async () => {
    const { near, far, target, pair, farSocket } = await wiredEndpoints();
    const [client, server] = await pair();
    const done = far.close();
    const refused = near.connect(target);
    expect(await failure(refused)).toBe('ECONNREFUSED');
    expect(await failure(far.connect(target))).toBe('ECONNABORTED');
    server.resume();
    client.resume();
    client.end('good bye');
    server.end();
    await done;
    expect(server.bytesRead).toBe(8);
    expect(farSocket.listenerCount('message')).toBe(0);
  });

  test('fails its streams with ECONNABORTED when the socket closes', async () => {
    const { pair, nearSocket } = await wiredEndpoints();
    const [client] = await pair();
    const code = failure(client);
    nearSocket.emit('close');
    expect(await code).toBe('ECONNABORTED');
  });

  test('counts failed sends as loss', async () => {
    const { pair, nearSocket } = await wiredEndpoints();
    const [client, server] = await pair();
    const send = nearSocket.send.bind(nearSocket);
    let failures = 0;
    nearSocket.send = (message, port, address, callback) => {
      if (failures++ < 3) callback?.(Object.assign(new Error('no buffers'), { code: 'ENOBUFS' }));
      else send(message, port, address, callback);
    };
    client.end('through');
    expect((await once(server, 'data')).toString()).toBe('through');
  });

  test('refuses a receive window that is too small with a RangeError', async () => {
    const socket = createSocket('udp6');
    await expect(createStreamEndpoint(socket, { receiveWindow: 100 })).rejects.toThrow(
      /receiveWindow: found 100/,
    );
    socket.close();
  });
});

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
  test('given an endpoint without a listener, then ECONNREFUSED with where it was', async () => {
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

  test('given a listening endpoint that is full, then ECONNREFUSED', async () => {
    const { near, pair, target } = await wiredEndpoints({}, { maxConnections: 1 });
    const [first] = await pair();
    expect(await failure(near.connect(target))).toBe('ECONNREFUSED');
    expect(first.destroyed).toBe(false);
  });

  test('given nobody answers, then ETIMEDOUT after the timeout', async () => {
    const wired = await wiredEndpoints();
    cut(wired);
    const before = performance.now();
    const stream = wired.near.connect({ ...wired.target, timeout: 400 });
    expect(await failure(stream)).toBe('ETIMEDOUT');
    expect(performance.now() - before).toBeGreaterThan(390);
    expect(performance.now() - before).toBeLessThan(1_500);
  });

  test('given a port of this computer that nobody has, on a connected socket, then ECONNREFUSED', async () => {
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

  test('given a signal, when it aborts, then the stream is destroyed with an AbortError and the server forgets', async () => {
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
  ])('given %o, then a RangeError names the option', async (options, message) => {
    const { near } = await wiredEndpoints();
    expect(() => near.connect(options)).toThrow(message);
  });
});

describe('a stream that is connected', () => {
  test('given the peer destroys it with an error, then ECONNRESET here, with data under way lost', async () => {
    const { pair } = await wiredEndpoints();
    const [client, server] = await pair();
    client.write(Buffer.alloc(1_000_000));
    const code = failure(client);
    server.destroy(new Error('no more'));
    expect(await code).toBe('ECONNRESET');
  });

  test('given data that was not sent yet, when destroyed without an error, then the peer sees ECONNRESET and no end', async () => {
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

  test('given the packet that aborts is lost, then the news still comes', async () => {
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

  test('given the peer has ended, closed and gone while we write, then EPIPE or ECONNRESET', async () => {
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

  test('given the peer vanishes while data is under way, then ETIMEDOUT after the silence', async () => {
    const wired = await wiredEndpoints({}, { silence: 600 });
    const [client] = await wired.pair();
    cut(wired);
    client.write('hello?');
    const before = performance.now();
    expect(await failure(client)).toBe('ETIMEDOUT');
    expect(performance.now() - before).toBeGreaterThan(500);
    expect(performance.now() - before).toBeLessThan(2_500);
  });

  test('given keepAlive, when an idle peer vanishes, then ETIMEDOUT; without it, nothing', async () => {
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

  test('given keepAlive and a peer that is merely idle, then the stream stays', async () => {
    const wired = await wiredEndpoints({}, { silence: 300 });
    const [client, server] = await wired.pair({ keepAlive: true, keepAliveInitialDelay: 100 });
    await sleep(1_200);
    server.end('still here');
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).toBe('still here');
  });

  test('given a quiet stream without keepAlive, then it lives and sends nothing', async () => {
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

describe('the endpoint and the socket below', () => {
  test('given streams, when the endpoint closes, then it lets them finish, refuses others and leaves the socket alone', async () => {
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

  test('given streams, when the socket closes, then they fail with ECONNABORTED', async () => {
    const { pair, nearSocket } = await wiredEndpoints();
    const [client] = await pair();
    const code = failure(client);
    nearSocket.emit('close');
    expect(await code).toBe('ECONNABORTED');
  });

  test('given a socket whose sends fail, then that counts as loss', async () => {
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

  test('given a receive window too small to work, then a RangeError names it', async () => {
    const socket = createSocket('udp6');
    await expect(createStreamEndpoint(socket, { receiveWindow: 100 })).rejects.toThrow(
      /receiveWindow: found 100/,
    );
    socket.close();
  });
});

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../src/selection/connect.js';
import { systemSource } from '../../src/selection/systemSource.js';

const BOB = 'fc64:bed:c633:6401:c800:7105:9c40:1';
const OWN = 'fc64:bed:c633:6401:c800:7106:9c40:1';
/** RFC 6666: packets there are thrown away; no computer has a connection to it. */
const NATIVE = '100::1';

/** A tunnel whose streams open, fail or hang as the test says. */
class FakeTunnel {
  readonly addresses = [OWN];
  readonly requested: string[] = [];
  readonly streams: PassThrough[] = [];
  readonly #fate: 'open' | 'fail' | 'hang';

  constructor(fate: 'open' | 'fail' | 'hang') {
    this.#fate = fate;
  }

  connect({ host, port }: { host: string; port: number }): PassThrough {
    this.requested.push(`${host} ${port}`);
    const stream = new PassThrough();
    this.streams.push(stream);
    setImmediate(() => {
      if (this.#fate === 'open') stream.emit('connect');
      if (this.#fate === 'fail') {
        stream.destroy(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }));
      }
    });
    return stream;
  }
}

const servers: Server[] = [];
const accepted: Socket[] = [];

/** Listens on 127.0.0.1; the port. */
async function listen(): Promise<number> {
  const server = createServer((socket) => {
    accepted.push(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

afterEach(() => {
  for (const socket of accepted.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A computer with IPv4, and native IPv6 to wherever the test says. */
const ipv4Only = async (destination: string) =>
  destination.includes(':') ? null : { address: destination };

describe('connect', () => {
  test('connects over TCP where both ends have it', async () => {
    const port = await listen();
    const tunnel = new FakeTunnel('open');
    const addresses = [BOB, '127.0.0.1'];
    const socket = await connect({ addresses, port, tunnel, systemSource: ipv4Only });
    expect(socket).toMatchObject({ remoteAddress: '127.0.0.1', remotePort: port });
    expect(tunnel.requested).toEqual([]);
    socket.destroy();
  });

  test('connects over 6bed4 where both ends have nothing else', async () => {
    const tunnel = new FakeTunnel('open');
    const stream = await connect({ addresses: [BOB], port: 80, tunnel, systemSource: ipv4Only });
    expect(stream).toBe(tunnel.streams[0]);
    expect(tunnel.requested).toEqual([`${BOB} 80`]);
    expect(stream.destroyed).toBe(false);
    expect(stream.listenerCount('connect') + stream.listenerCount('error')).toBe(0);
  });

  test('connects over 6bed4 when TCP is refused', async () => {
    const tunnel = new FakeTunnel('open');
    const port = await freePort();
    const addresses = ['127.0.0.1', BOB];
    const start = performance.now();
    const stream = await connect({ addresses, port, tunnel, delay: 2_000, systemSource: ipv4Only });
    expect(stream).toBe(tunnel.streams[0]);
    expect(performance.now() - start).toBeLessThan(1_900);
  });

  test('connects over TCP when 6bed4 hangs, and destroys the stream', async () => {
    const tunnel = new FakeTunnel('hang');
    const port = await listen();
    const onlyLinkLocal = async (destination: string) =>
      destination.includes(':') ? null : { address: '169.254.0.1' };
    const addresses = ['127.0.0.1', BOB];
    const options = { addresses, port, tunnel, delay: 20 };
    const policy = [
      { prefix: '::/0', precedence: 1, label: 1 },
      { prefix: 'fc64::/16', precedence: 9, label: 9 },
    ];
    const socket = await connect({ ...options, policy, systemSource: onlyLinkLocal });
    expect(socket).toMatchObject({ remoteAddress: '127.0.0.1' });
    expect(tunnel.streams.map(({ destroyed }) => destroyed)).toEqual([true]);
    socket.destroy();
  });

  test('resolves names', async () => {
    const port = await listen();
    const resolve = async () => [
      { address: BOB, family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    const socket = await connect({ host: 'bob.example', port, resolve });
    expect(socket).toMatchObject({ remoteAddress: '127.0.0.1' });
    socket.destroy();
  });

  test('rejects with the one error where there is one address', async () => {
    const tunnel = new FakeTunnel('fail');
    const only = connect({ addresses: [BOB], port: 80, tunnel, systemSource: ipv4Only });
    await expect(only).rejects.toMatchObject({ code: 'ECONNREFUSED', message: 'nobody there' });
  });

  test('rejects with all errors where there are several addresses', async () => {
    const tunnel = new FakeTunnel('fail');
    const port = await freePort();
    const addresses = ['127.0.0.1', BOB];
    const error = await connect({ addresses, port, tunnel, systemSource: ipv4Only }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toMatchObject([
      { code: 'ECONNREFUSED', syscall: 'connect' },
      { message: 'nobody there' },
    ]);
  });

  test('rejects with ENETUNREACH when there is no route at all', async () => {
    const none = connect({ addresses: [NATIVE], port: 80, systemSource: ipv4Only });
    await expect(none).rejects.toMatchObject({ code: 'ENETUNREACH' });
  });

  test('rejects after its timeout, at any stage, and when its signal aborts', async () => {
    const tunnel = new FakeTunnel('hang');
    const late = connect({
      addresses: [BOB],
      port: 80,
      tunnel,
      timeout: 30,
      systemSource: ipv4Only,
    });
    await expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(tunnel.streams[0]!.destroyed).toBe(true);
    const resolve = (): Promise<never> => new Promise(() => undefined);
    const lost = connect({ host: 'bob.example', port: 80, timeout: 30, resolve });
    await expect(lost).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const signal = AbortSignal.abort(new Error('enough'));
    const ended = connect({ addresses: [BOB], port: 80, tunnel, signal, systemSource: ipv4Only });
    await expect(ended).rejects.toThrow('enough');
  });

  test.each([2 ** 31, 3e9, 2 ** 32, Number.POSITIVE_INFINITY])(
    'has as much time as %d ms',
    async (timeout) => {
      const port = await listen();
      const options = { addresses: ['127.0.0.1'], port, timeout, systemSource: ipv4Only };
      (await connect(options)).destroy();
      const hanging = new FakeTunnel('hang');
      const signal = AbortSignal.timeout(50);
      const late = connect({ ...options, addresses: [BOB], tunnel: hanging, signal });
      await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    },
  );

  test.each([0, -1, Number.NaN])('refuses a timeout of %d ms', async (timeout) => {
    const options = { addresses: [BOB], port: 80, timeout, systemSource: ipv4Only };
    await expect(connect(options)).rejects.toMatchObject({ field: 'timeout' });
  });

  test.each<[string, Partial<ConnectOptions>]>([
    ['port', { addresses: [BOB], port: 0 }],
    ['port', { addresses: [BOB], port: 65_536 }],
    ['host', { port: 1 }],
    ['host', { host: 'a', addresses: [BOB], port: 1 }],
    ['addresses', { addresses: [], port: 1 }],
    ['destinations', { addresses: ['nowhere'], port: 1 }],
    ['delay', { addresses: ['127.0.0.1'], port: 1, delay: 1 }],
  ])('refuses an invalid %s', async (option, options) => {
    const systemSource = ipv4Only;
    await expect(connect({ ...(options as ConnectOptions), systemSource })).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      field: option,
    });
  });
});

describe('systemSource', () => {
  test('resolves with the source address of the system, and its prefix length', async () => {
    expect(await systemSource('127.0.0.1')).toEqual({ address: '127.0.0.1', prefixLength: 8 });
  });

  test('resolves with null where there is no route', async () => {
    expect(await systemSource('255.255.255.255')).toBeNull();
  });
});

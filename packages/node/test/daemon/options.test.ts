import { afterEach, describe, expect, test } from 'vitest';
import {
  checkPeerOptions,
  checkRouterOptions,
  InvalidArgumentError,
  memoryNetwork,
  type PeerDaemonOptions,
  PortableUdp,
  type RouterDaemonOptions,
  StartError,
  startPeer,
  startRouter,
} from '../../src/index.js';

const LISTEN = '127.0.0.1';

async function failureOf(starting: Promise<{ close(): Promise<void> }>): Promise<unknown> {
  try {
    await (await starting).close();
  } catch (error) {
    return error;
  }
  throw new Error('started');
}

describe('options that cannot be used', () => {
  test.each<[RouterDaemonOptions, string]>([
    [{}, 'listen: found "", expected an IPv4 address such as 192.0.2.1'],
    [{ listen: 'localhost' }, 'listen: found "localhost"'],
    [{ listen: '0.0.0.0' }, 'listen: found 0.0.0.0'],
    [{ listen: '224.0.0.1' }, 'listen: found 224.0.0.1'],
    [{ listen: '224.0.0.1', publicEndpoint: '192.0.2.1' }, 'listen: found 224.0.0.1'],
    [{ listen: '0.0.0.0', publicEndpoint: '0.0.0.0' }, 'publicEndpoint: found 0.0.0.0'],
    [{ listen: LISTEN, publicEndpoint: '192.0.2.1:0' }, 'publicEndpoint: found 192.0.2.1:0'],
    [{ listen: LISTEN, publicEndpoint: 'example.org' }, 'publicEndpoint: found "example.org"'],
    [{ listen: LISTEN, port: 65_536 }, 'port: found 65536, expected an integer from 0 to 65535'],
    [{ listen: LISTEN, port: 0.5 }, 'port: found 0.5'],
    [{ listen: LISTEN, port: 0, prefix: '2001:db8::/56' }, 'prefix: found 2001:db8::/56'],
    [{ listen: LISTEN, port: 0, prefix: 'fc64::' }, 'prefix: found "fc64::"'],
    [{ listen: LISTEN, port: 0, netid: 0x10000 }, 'netid: found 65536'],
    [{ listen: LISTEN, port: 0, routes: ['2001:db8::1/64'] }, 'routes: found "2001:db8::1/64"'],
    [{ listen: LISTEN, port: 0, tun: 'a/b' }, 'tun: found "a/b"'],
    [{ listen: LISTEN, port: 0, tun: 'sixteen-letters!' }, 'tun: found "sixteen-letters!"'],
    [{ listen: LISTEN, profile: 'none' }, 'profile: found "none"'],
    [{ listen: LISTEN, dialect: 'draft99' as 'draft01' }, 'dialect: found "draft99"'],
  ])('are named by startRouter: %j', async (options, message) => {
    const error = await failureOf(startRouter(options));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).message.startsWith(message), String(error)).toBe(true);
    expect(() => checkRouterOptions(options)).toThrow(error as Error);
  });

  test.each<[PeerDaemonOptions, string]>([
    [{ routers: [] }, 'routers: found none, expected at least one'],
    [{} as never, 'routers: found undefined, expected A.B.C.D or a host name'],
    [{ router: '192.0.2.1' } as never, 'routers: found undefined, expected A.B.C.D'],
    [{ routers: 5 as never }, 'routers: found 5, expected A.B.C.D or a host name'],
    [{ routers: [null as never] }, 'routers: found null, expected A.B.C.D or a host name'],
    [{ routers: '[::1]' }, 'routers: found "[::1]", expected A.B.C.D or a host name'],
    [{ routers: 'router..example' }, 'routers: found "router..example"'],
    [{ routers: ['router.example', 'router.example'] }, 'routers: found router.example:25790'],
    [{ routers: '192.0.2.1:0' }, 'routers: found 192.0.2.1:0'],
    [{ routers: LISTEN, listen: 'localhost' }, 'listen: found "localhost"'],
    [{ routers: LISTEN, port: -1 }, 'port: found -1'],
    [{ routers: LISTEN, port: 40_001, profile: 'draft01' }, 'port: found 40001'],
    [{ routers: [LISTEN, LISTEN] }, 'routers: found 127.0.0.1:25790'],
    [{ routers: LISTEN, keepalive: { interval: -1 } }, 'keepalive.interval: found -1'],
    [{ routers: LISTEN, keepalive: { interval: 30, ttl: 256 } }, 'keepalive.ttl: found 256'],
    [{ routers: LISTEN, lanip: 0 }, 'lanip: found 0'],
  ])('are named by startPeer: %j', async (options, message) => {
    const error = await failureOf(startPeer(options));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).message.startsWith(message), String(error)).toBe(true);
    expect(() => checkPeerOptions(options)).toThrow(error as Error);
  });
});

describe('startRouter and startPeer', () => {
  const open: PortableUdp[] = [];
  afterEach(() => Promise.all(open.splice(0).map((port) => port.close())));

  test('reject with EADDRINUSE when the port is in use', async () => {
    const holder = await PortableUdp.open({ address: LISTEN });
    open.push(holder);
    const { port } = holder.endpoint;
    for (const starting of [
      startRouter({ listen: LISTEN, port }),
      startPeer({ routers: LISTEN, listen: LISTEN, port }),
    ]) {
      const error = await failureOf(starting);
      expect(error).toBeInstanceOf(StartError);
      expect(error).toMatchObject({
        code: 'EADDRINUSE',
        message: `UDP port ${port} of ${LISTEN} is in use`,
      });
    }
  });

  test('reject with EADDRNOTAVAIL when the address is not local', async () => {
    for (const starting of [
      startRouter({ listen: '192.0.2.1' }),
      startPeer({ routers: '192.0.2.9', listen: '192.0.2.1' }),
    ]) {
      expect(await failureOf(starting)).toMatchObject({
        code: 'EADDRNOTAVAIL',
        message: '192.0.2.1 is not an address of this computer',
      });
    }
  });

  // Other systems notice only when something is sent.
  test.runIf(process.platform === 'linux')(
    'reject with ENETUNREACH when there is no route to a router',
    async () => {
      const error = await failureOf(startPeer({ routers: '192.0.2.9', listen: LISTEN }));
      expect(error).toMatchObject({ code: 'ENETUNREACH' });
      expect((error as Error).message).toMatch(/^no route to the router 192\.0\.2\.9:25790 /);
    },
  );

  test('leave the UDP port free when something else fails', async () => {
    const holder = await PortableUdp.open({ address: LISTEN });
    const { port } = holder.endpoint;
    await holder.close();
    await failureOf(startRouter({ listen: LISTEN, port, tun: 'a/b' }));
    await failureOf(startRouter({ listen: LISTEN, port, netid: -1 }));
    open.push(await PortableUdp.open({ address: LISTEN, port }));
  });

  test('make daemons whose send throws for what is not bytes', async () => {
    const datagrams = memoryNetwork().bind('192.0.2.1', 25790);
    await using router = await startRouter({ datagrams });
    expect(() => router.send('hello' as unknown as Uint8Array)).toThrow(
      'packet: found string, expected a Uint8Array',
    );
  });
});

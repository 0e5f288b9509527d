import { formatEndpoint } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type MemoryNetwork,
  memoryNetwork,
  type PeerDaemon,
  parseRouterReference,
  startPeer,
  startRouter,
} from '../../src/index.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

describe('a router as users name it', () => {
  test.each([
    ['192.0.2.1', { address: '192.0.2.1', port: 25790 }],
    ['192.0.2.1:1', { address: '192.0.2.1', port: 1 }],
    ['router.example.com', { name: 'router.example.com', port: 25790 }],
    ['router.example.com:4000', { name: 'router.example.com', port: 4000 }],
    ['localhost', { name: 'localhost', port: 25790 }],
    ['1.2.3.4.example', { name: '1.2.3.4.example', port: 25790 }],
    ['router.example.', { name: 'router.example.', port: 25790 }],
    ['xn--bcher-kva.example', { name: 'xn--bcher-kva.example', port: 25790 }],
  ])('%s is read', (text, expected) => {
    expect(parseRouterReference(text, 25790)).toEqual(expected);
  });

  test.each([
    '',
    '.',
    ':25790',
    '192.0.2.1:0',
    '192.0.2.300',
    '1.2.3',
    'router.example:0',
    'router.example:65536',
    'router.example:x',
    'router.example:1:2',
    'router..example',
    '-router.example',
    'router-.example',
    'router example',
    'router.example/x',
    '::1',
    'bücher.example',
    `${'x'.repeat(64)}.example`,
    Array.from({ length: 60 }, () => 'long').join('.'),
  ])('%j is refused', (text) => {
    expect(() => parseRouterReference(text, 25790)).toThrow(/^routers: found /);
  });
});

describe('a peer with the name of its router', () => {
  const NAME = 'router.example';
  let network: MemoryNetwork;
  /** Addresses of the name, or why there are none. */
  let found: string[] | string;
  let lookups: number;
  let told: string[];
  let peer: PeerDaemon;
  const open: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
    network = memoryNetwork();
    lookups = 0;
    told = [];
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    // What is on its way on the network.
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  async function start(
    routers: string | string[] = NAME,
    options: { allowLoopback?: boolean } = {},
  ): Promise<void> {
    peer = await startPeer({
      ...options,
      routers,
      datagrams: network.bind('198.51.100.1'),
      resolve: () => {
        lookups++;
        if (typeof found !== 'string') return Promise.resolve(found);
        return Promise.reject(Object.assign(new Error(found), { code: found }));
      },
    });
    open.push(peer);
    peer.on('router-lookup', ({ addresses, router, error }) => {
      told.push(error ?? `${addresses.join(' ')} using ${router?.address}`);
    });
  }

  async function routerAt(address: string): Promise<{ close(): Promise<void> }> {
    const router = await startRouter({ datagrams: network.bind(address, 25790) });
    open.push(router);
    return router;
  }

  const after = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
  const asked = (): string[] => peer.uplinks().map(({ router }) => formatEndpoint(router));

  test('gets an address from the router that has the name', async () => {
    found = ['192.0.2.1'];
    await routerAt('192.0.2.1');
    await start();
    await after(1);
    expect(peer.leases).toMatchObject([{ router: { address: '192.0.2.1', port: 25790 } }]);
    expect(told).toEqual(['192.0.2.1 using 192.0.2.1']);
    // A router that answers is not looked up again.
    await after(600);
    expect(lookups).toBe(1);
  });

  test('starts though the name has no address, says so once, and goes on when it has one', async () => {
    found = 'ENOTFOUND';
    await routerAt('192.0.2.1');
    await start();
    await after(100);
    expect(told).toEqual(['ENOTFOUND']);
    expect(asked()).toEqual([]);
    const before = lookups;
    await after(60);
    expect(lookups - before).toBe(2);
    found = ['192.0.2.1'];
    await after(31);
    expect(peer.leases).toHaveLength(1);
  });

  test('takes a name without addresses, and with none that a host can have, as one not found', async () => {
    found = ['0.0.0.0', '224.0.0.1', '255.255.255.255'];
    await start();
    await after(10);
    expect(told).toEqual(['ENODATA']);
    expect(asked()).toEqual([]);
  });

  test.each([
    [NAME, {}, ['192.0.2.1:25790']],
    [NAME, { allowLoopback: false }, ['192.0.2.1:25790']],
    [NAME, { allowLoopback: true }, ['127.0.0.1:25790']],
    ['localhost', {}, ['127.0.0.1:25790']],
    ['LOCALHOST.', {}, ['127.0.0.1:25790']],
    ['six.localhost', {}, ['127.0.0.1:25790']],
    ['localhost.example', {}, ['192.0.2.1:25790']],
  ])(
    'does not let those who answer for %s and %j open loopback',
    async (name, options, expected) => {
      found = ['127.0.0.1', '192.0.2.1'];
      await start(name, options);
      await after(1);
      expect(asked()).toEqual(expected);
    },
  );

  test('tries 16 addresses of a name at most, and each once', async () => {
    found = Array.from({ length: 4_000 }, (_, index) => `192.0.2.${1 + ((index >> 1) % 250)}`);
    await start();
    await after(1);
    const tried = Array.from({ length: 16 }, (_, index) => `192.0.2.${1 + index}`);
    expect(told).toEqual([`${tried.join(' ')} using 192.0.2.1`]);
    for (const address of tried) {
      expect(asked()).toEqual([`${address}:25790`]);
      await after(4);
    }
    expect(lookups).toBe(2);
  });

  test('tries its addresses one after the other, and stays with the one that answers', async () => {
    found = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    await routerAt('192.0.2.3');
    await start();
    await after(1);
    expect(asked()).toEqual(['192.0.2.1:25790']);
    await after(4);
    expect(asked()).toEqual(['192.0.2.2:25790']);
    await after(4);
    expect(asked()).toEqual(['192.0.2.3:25790']);
    await after(600);
    expect(asked()).toEqual(['192.0.2.3:25790']);
    expect(peer.leases).toHaveLength(1);
    expect(lookups).toBe(1);
  });

  test('looks it up again when the router falls silent, and follows where it has gone', async () => {
    found = ['192.0.2.1'];
    const router = await routerAt('192.0.2.1');
    await start();
    await after(1);
    await router.close();
    found = ['192.0.2.2'];
    await routerAt('192.0.2.2');
    peer.once('router-unreachable', () => told.push('silent'));
    await after(3_600);
    expect(told).toEqual(['192.0.2.1 using 192.0.2.1', 'silent', '192.0.2.2 using 192.0.2.2']);
    expect(peer.leases).toMatchObject([{ router: { address: '192.0.2.2' } }]);
  });

  test('keeps its address while the router is silent and the name cannot be looked up', async () => {
    found = ['192.0.2.1'];
    const router = await routerAt('192.0.2.1');
    await start();
    await after(1);
    const [lease] = peer.leases;
    await router.close();
    found = 'EAI_AGAIN';
    await after(3_600);
    expect(peer.leases).toEqual([lease]);
    expect(told).toEqual(['192.0.2.1 using 192.0.2.1', 'EAI_AGAIN']);
    await routerAt('192.0.2.1');
    await after(120);
    expect(peer.uplinks()).toMatchObject([{ reachable: true }]);
  });

  test('prefers routers in the order of the options, however late a name is found', async () => {
    found = 'EAI_AGAIN';
    for (const last of [1, 2, 3]) await routerAt(`192.0.2.${last}`);
    await start(['192.0.2.1', NAME, '192.0.2.3']);
    await after(1);
    expect(asked()).toEqual(['192.0.2.1:25790', '192.0.2.3:25790']);
    found = ['192.0.2.2'];
    await after(10);
    expect(peer.leases.map(({ router }) => router.address)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
    ]);
  });

  test('asks a router once that has a name and is given by its address, too', async () => {
    found = ['192.0.2.1'];
    await start(['192.0.2.1', NAME]);
    await after(1);
    expect(asked()).toEqual(['192.0.2.1:25790']);
  });

  test('takes names that are added, and gives up those that are removed', async () => {
    found = ['192.0.2.2'];
    await routerAt('192.0.2.1');
    await routerAt('192.0.2.2');
    await start('192.0.2.1');
    peer.addRouter(NAME);
    await after(1);
    expect(peer.leases).toHaveLength(2);
    expect(() => peer.addRouter(NAME)).toThrow(/routers: found router\.example:25790/);
    peer.removeRouter(NAME);
    expect(asked()).toEqual(['192.0.2.1:25790']);
    peer.setRouters([NAME]);
    await after(1);
    expect(asked()).toEqual(['192.0.2.2:25790']);
    expect(peer.lookups()).toMatchObject([{ name: NAME, addresses: ['192.0.2.2'] }]);
  });

  test('changes nothing when other routers are refused', async () => {
    found = ['192.0.2.1'];
    await routerAt('192.0.2.1');
    await start();
    await after(1);
    const many = Array.from({ length: 17 }, (_, index) => `r${index}.example`);
    for (const routers of [[], ['x', '224.0.0.1'], ['x', 'x'], many, ['a..b']]) {
      expect(() => peer.setRouters(routers)).toThrow(/^routers: found /);
    }
    expect(peer.lookups()).toMatchObject([{ name: NAME, router: { address: '192.0.2.1' } }]);
    peer.addRouter('192.0.2.7');
    expect(peer.leases).toHaveLength(1);
    expect(asked()).toEqual(['192.0.2.1:25790', '192.0.2.7:25790']);
  });
});

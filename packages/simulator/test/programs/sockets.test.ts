import { once } from 'node:events';
import { connect, openTunnel, race, startRouter } from '@6bed4/node';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../node/index.js';
import { openPair, ROUTER } from './support/pair.js';

describe('a tunnel of @6bed4/node on a simulated host', () => {
  test('carries datagrams, relayed at first and then directly', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net);
      const receiver = bob.createSocket('udp6').bind(7);
      const sender = alice.createSocket('udp6');
      sender.send('hello', 7, bob.address!);
      const [message, { address }] = await once(receiver, 'message');
      expect([String(message), address]).toEqual(['hello', alice.address]);
      expect(alice.path(bob.address!)?.path).toBe('relayed');
      const { path } = await alice.waitForDirect(bob.address!);
      expect(path).toBe('direct');
      await close();
    });
  });

  test('carries TCP over links that lose, delay and reorder', async () => {
    const bytes = Buffer.alloc(300_000, 'tcp');
    await simulate({ seed: 3 }, async (net) => {
      const { hosts, alice, bob, close } = await openPair(net);
      for (const host of hosts) host.link = { delay: 20, jitter: 5, loss: 0.02, reordering: 0.02 };
      const server = bob.createServer((socket) => socket.end(bytes)).listen(80);
      const socket = alice.connect(80, bob.address!);
      const pieces: Buffer[] = [];
      for await (const piece of socket) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
      expect(net.statistics.dropped).toBeGreaterThan(2);
      server.close();
      await close();
    });
  });

  test('gives up after its timeout of virtual time, and says how often it asked', async () => {
    const start = process.hrtime.bigint();
    await simulate({ seed: 1 }, async (net) => {
      const { environment } = net.host('alice');
      const opening = openTunnel({ routers: ROUTER, environment, timeout: 300_000 });
      await expect(opening).rejects.toThrow(
        /no router gave an address within 300000 ms: 198\.51\.100\.1:25790 \(asked \d\d+ times\)/,
      );
      expect(net.now).toBe(300_000);
    });
    expect(process.hrtime.bigint() - start).toBeLessThan(20_000_000_000n);
  });

  test('waits for a direct path as long as told, in virtual time', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net, ['closed', 'none']);
      const start = net.now;
      const waiting = alice.waitForDirect(bob.address!, { timeout: 60_000 });
      await expect(waiting).rejects.toMatchObject({
        code: 'ETIMEDOUT',
        message: expect.stringContaining('within 60000 ms, after 120 echo requests;'),
      });
      expect(net.now - start).toBe(60_000);
      await close();
    });
  });

  test('has idle time-outs and keepalive probes of TCP in virtual time', async () => {
    await simulate({ seed: 1, limit: 86_400_000 }, async (net) => {
      const { hosts, alice, bob, close } = await openPair(net);
      bob.createServer((socket) => socket.resume()).listen(80);
      const socket = alice.connect(80, bob.address!);
      await once(socket, 'connect');
      const start = net.now;
      socket.setTimeout(3_600_000);
      await once(socket, 'timeout');
      // The acknowledgement of the last segment counts as data.
      expect(net.now - start).toBeGreaterThanOrEqual(3_600_000);
      expect(net.now - start).toBeLessThan(3_601_000);
      hosts[1].unplug();
      socket.setTimeout(0).setKeepAlive(true, 1_000);
      const [error] = await once(socket, 'error');
      expect(error.code).toBe('ETIMEDOUT');
      await close();
    });
  });

  test('connects by Happy Eyeballs in virtual time', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net, ['none', 'none']);
      bob.createServer((socket) => socket.end('here')).listen(80);
      const nobody = `${bob.address!.slice(0, bob.address!.lastIndexOf(':'))}:2`;
      const start = net.now;
      const stream = await connect({
        addresses: [nobody, bob.address!],
        port: 80,
        tunnel: alice,
        delay: 2_000,
      });
      expect(net.now - start).toBeLessThan(3_000);
      expect(String((await once(stream, 'data'))[0])).toBe('here');
      const { environment } = net.host('carol');
      const slow = race([() => net.sleep(10_000).then(() => 'slow'), () => 'second'], {
        delay: 2_000,
        timers: environment,
      });
      const before = net.now;
      expect(await slow).toBe('second');
      expect(net.now - before).toBe(2_000);
      await close();
    });
  });

  test('follows its host to another network, and back after a time without one', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { hosts, alice, close } = await openPair(net);
      const [host] = hosts;
      const moved = once(alice, 'address');
      net.move(host, { behind: net.nat('café', { external: '192.0.2.99' }) });
      const [{ address }] = await moved;
      expect(address).toBe(alice.address);
      expect(address).toContain('c000:263');
      const unreachable = once(alice, 'router-unreachable');
      host.unplug();
      await unreachable;
      const reachable = once(alice, 'router-reachable');
      const start = net.now;
      host.plug();
      await reachable;
      expect(net.now - start).toBeLessThan(200);
      expect(alice.statistics().peer.udp.sendErrors).toEqual({ ENETUNREACH: expect.any(Number) });
      await close();
    });
  });

  test('finds a neighbor on its LAN', async () => {
    await simulate({ seed: 1 }, async (net) => {
      net.router('router', { address: ROUTER });
      const behind = net.nat('home');
      const [alice, bob] = await Promise.all(
        ['alice', 'bob'].map((name) =>
          openTunnel({
            routers: ROUTER,
            environment: net.host(name, { behind }).environment,
            peering: { lanSearch: true },
          }),
        ),
      );
      const { path } = await alice!.waitForDirect(bob!.address!);
      expect(path).toBe('lan');
      await Promise.all([alice!.close(), bob!.close()]);
    });
  });

  test('gets its address from a router of @6bed4/node on another host', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { environment } = net.host('router', { address: ROUTER });
      const router = await startRouter({ listen: ROUTER, environment });
      const { alice, close } = await openPairWithout(net);
      expect(alice.address).toMatch(/^fc64:bed:c633:6401:/);
      await close();
      await router.close();
    });

    async function openPairWithout(net: Parameters<typeof openPair>[0]) {
      const { environment } = net.host('alice', { behind: net.nat('home') });
      const alice = await openTunnel({ routers: ROUTER, environment });
      return { alice, close: () => alice.close() };
    }
  });

  test('binds what is free on its host', async () => {
    await simulate({ seed: 1 }, async (net) => {
      net.router('router', { address: ROUTER });
      const host = net.host('alice', { address: '192.0.2.7' });
      const { environment } = host;
      const open = (options: object) => openTunnel({ routers: ROUTER, environment, ...options });
      const first = await open({ port: 4_000, listen: '192.0.2.7' });
      expect(first.peer.endpoint).toEqual({ address: '192.0.2.7', port: 4_000 });
      await expect(open({ port: 4_000 })).rejects.toMatchObject({
        name: 'StartError',
        code: 'EADDRINUSE',
        message: 'UDP port 4000 of 0.0.0.0 is in use',
      });
      await expect(open({ listen: '192.0.2.8' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
      await first.close();
      await first.close();
      const second = await open({ port: 4_000 });
      await second.close();
    });
  });
});

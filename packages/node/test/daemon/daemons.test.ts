import { once } from 'node:events';
import { parseEcho, parseUdp } from '@6bed4/nd';
import { pingPacket, udpPacket } from '@6bed4/testing/packets';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answerEcho,
  type DatagramPort,
  memoryNetwork,
  type PeerDaemon,
  type PeerDaemonEvents,
  type PeerDaemonOptions,
  type RouterDaemon,
  type RouterDaemonOptions,
  startPeer,
  startRouter,
} from '../../src/index.js';

/** The network of a test: sockets of the system, or a network in memory. */
interface Place {
  readonly title: string;
  router(options?: RouterDaemonOptions): Promise<RouterDaemon>;
  peer(router: RouterDaemon, options?: Partial<PeerDaemonOptions>): Promise<PeerDaemon>;
}

function loopback(): Place {
  return {
    title: 'sockets on loopback',
    router: (options) => startRouter({ listen: '127.0.0.1', port: 0, ...options }),
    peer: (router, options) =>
      startPeer({ routers: router.endpoint, listen: '127.0.0.1', ...options }),
  };
}

function inMemory(): Place {
  const network = memoryNetwork();
  let hosts = 1;
  return {
    title: 'a network in memory',
    router: (options) =>
      startRouter({ datagrams: network.bind('198.51.100.1', 25790), ...options }),
    peer: (router, options) =>
      startPeer({
        routers: router.endpoint,
        datagrams: network.bind(`198.51.100.${++hosts}`),
        ...options,
      }),
  };
}

const running: { close(): Promise<void> }[] = [];

/** Has it closed at the end of the test. */
async function keep<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const daemon = await starting;
  running.push(daemon);
  return daemon;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((daemon) => daemon.close()));
});

async function nextPacket(daemon: PeerDaemon | RouterDaemon): Promise<Uint8Array> {
  const [packet] = (await once(daemon, 'packet')) as [Uint8Array];
  return packet;
}

describe.each([loopback(), inMemory()])('a router and three peers over $title', (place) => {
  async function build(): Promise<{ router: RouterDaemon; peers: PeerDaemon[] }> {
    const router = await keep(place.router({ routes: ['2001:db8:beef::/64'] }));
    const peers = [];
    for (let count = 0; count < 3; count++) {
      const peer = await keep(place.peer(router));
      await peer.ready;
      peers.push(peer);
    }
    return { router, peers };
  }

  test('have addresses made of their endpoints under the prefix of the router', async () => {
    const { router, peers } = await build();
    const subnetPrefix = router.prefix.replace('::/64', ':');
    for (const peer of peers) {
      const { address, prefix, routes, publicEndpoint } = await peer.ready;
      expect(address).toBe(peer.address);
      expect(address.startsWith(subnetPrefix)).toBe(true);
      expect(prefix).toMatch(/\/114$/);
      expect(routes).toEqual(['2001:db8:beef::/64']);
      expect(publicEndpoint?.port).toBe(peer.endpoint.port);
      expect(peer.uplinks()).toMatchObject([{ router: router.endpoint, state: 'leased' }]);
      expect(peer.tun).toBeNull();
    }
    expect(new Set(peers.map((peer) => peer.address)).size).toBe(3);
  });

  test('ping each other, every pair, through the router or directly', async () => {
    const { peers } = await build();
    for (const peer of peers) answerEcho(peer);
    for (const from of peers) {
      for (const to of peers.filter((peer) => peer !== from)) {
        const reply = nextPacket(from);
        from.send(pingPacket({ from: from.address!, to: to.address!, sequence: 42 }));
        const packet = await reply;
        const echo = parseEcho(packet, 0, packet.length);
        expect(echo).toMatchObject({ ok: true, value: { type: 'echo-reply', sequence: 42 } });
        // Each time a packet is put into the tunnel costs it a hop: twice by way of the router.
        expect([62, 63]).toContain(echo.ok && echo.value.hopLimit);
      }
    }
  });

  test('find the direct path to each other and report it', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    const found = once(left, 'path') as Promise<PeerDaemonEvents['path']>;
    const foundByOther = once(right, 'path') as Promise<PeerDaemonEvents['path']>;
    left.send(udpPacket(left.address!, right.address!, new Uint8Array(8)));
    const [change] = await found;
    expect(change).toMatchObject({
      remote: right.address,
      direction: 'outbound',
      path: 'direct',
      previous: null,
      confirmedBy: 'neighbor-advertisement',
      endpoint: { port: right.endpoint.port },
    });
    const arrival = nextPacket(right);
    left.send(udpPacket(left.address!, right.address!, new Uint8Array(8)));
    await arrival;
    expect(left.remotes()).toMatchObject([
      { address: right.address, path: 'direct', packetsSentRelayed: 1, packetsSentDirect: 1 },
    ]);
    // What may be a reply does not begin anything.
    right.send(udpPacket(right.address!, left.address!, new Uint8Array(8)));
    const [other] = await foundByOther;
    expect(other).toMatchObject({ remote: left.address, direction: 'inbound', path: 'direct' });
  });

  test('send a packet opportunistically, whose reply confirms the direct path', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    const request = nextPacket(right);
    const opportunisticSend = left.sendOpportunistic(
      udpPacket(left.address!, right.address!, new Uint8Array(8)),
    );
    expect(opportunisticSend).toBeGreaterThan(0);
    await request;
    const answer = nextPacket(left);
    const number = right.sendOpportunistic(
      udpPacket(right.address!, left.address!, new Uint8Array(8)),
    );
    expect(number).toBeGreaterThan(0);
    await answer;
    expect(left.reportReply(opportunisticSend)).toBe(true);
    expect(left.remotes()).toMatchObject([{ path: 'direct', confirmedBy: 'upper-layer' }]);
  });

  test('get echo replies from the router', async () => {
    const { router, peers } = await build();
    const reply = nextPacket(peers[0]!);
    peers[0]!.send(pingPacket({ from: peers[0]!.address!, to: router.address }));
    const packet = await reply;
    expect(parseEcho(packet, 0, packet.length)).toMatchObject({ value: { type: 'echo-reply' } });
  });

  test('exchange UDP datagrams of all sizes that fit', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    for (const size of [0, 1, 100, 1232]) {
      const payload = new Uint8Array(size).fill(size);
      const arrival = nextPacket(right);
      left.send(udpPacket(left.address!, right.address!, payload));
      const packet = await arrival;
      expect(parseUdp(packet, 0, packet.length)).toMatchObject({ ok: true, value: { payload } });
    }
  });

  test('reach the IPv6 side of the router and are reached from there', async () => {
    const { router, peers } = await build();
    const [peer] = peers as [PeerDaemon];
    const outbound = nextPacket(router);
    peer.send(pingPacket({ from: peer.address!, to: '2001:db8:beef::1' }));
    const request = await outbound;
    expect(parseEcho(request, 0, request.length)).toMatchObject({
      value: { type: 'echo-request' },
    });
    const inbound = nextPacket(peer);
    router.send(pingPacket({ from: '2001:db8:beef::1', to: peer.address! }));
    expect((await inbound).length).toBe(request.length);
  });

  test('count what passes and what is dropped', async () => {
    const { router, peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    const arrival = nextPacket(right);
    left.send(udpPacket(left.address!, right.address!, Uint8Array.of(1)));
    await arrival;
    left.send(Uint8Array.of(0x60));
    left.send(new Uint8Array(0));
    expect(left.counters()).toMatchObject({
      packetsTaken: 3,
      drops: { 'too-short': 2 },
      udp: { sendErrors: {}, queueDrops: 0 },
      localDrops: 0,
    });
    expect(right.counters()).toMatchObject({ packetsDelivered: 1 });
    expect(router.counters()).toMatchObject({ datagramsReceived: 4, datagramsSent: 4 });
  });

  test('let a packet be answered from within the event of another', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    let rallies = 0;
    const finished = new Promise<void>((resolve) => {
      const strike = (from: PeerDaemon, to: PeerDaemon) => (): void => {
        if (++rallies === 20) resolve();
        else from.send(udpPacket(from.address!, to.address!, Uint8Array.of(rallies)));
      };
      left.on('packet', strike(left, right));
      right.on('packet', strike(right, left));
      left.send(udpPacket(left.address!, right.address!, Uint8Array.of(0)));
    });
    await finished;
    expect(rallies).toBe(20);
  });

  test('report when an address is given up, and that they closed', async () => {
    const { router, peers } = await build();
    const [peer] = peers as [PeerDaemon];
    const reported: string[] = [];
    const { address } = await peer.ready;
    peer.on('address-lost', (lease) => reported.push(`lost ${lease.address}`));
    peer.on('close', () => reported.push('close'));
    router.on('close', () => reported.push('router closed'));
    await peer.close();
    await peer.close();
    await router.close();
    expect(reported).toEqual([`lost ${address}`, 'close', 'router closed']);
    expect(peer.address).toBeNull();
  });

  test('copy what is sent, so that the sender may use its buffer again', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    const packet = udpPacket(left.address!, right.address!, Uint8Array.of(1, 2, 3));
    const before = packet.slice();
    const arrival = nextPacket(right);
    left.send(packet);
    expect(packet).toEqual(before);
    packet.fill(0);
    const received = await arrival;
    expect(parseUdp(received, 0, received.length)).toMatchObject({
      value: { payload: Uint8Array.of(1, 2, 3) },
    });
  });

  test('accept packets in a Buffer, and hand over packets that may be kept', async () => {
    const { peers } = await build();
    const [left, right] = peers as [PeerDaemon, PeerDaemon];
    const kept: Uint8Array[] = [];
    right.on('packet', (packet) => kept.push(packet));
    for (const value of [1, 2, 3]) {
      const arrival = once(right, 'packet');
      left.send(Buffer.from(udpPacket(left.address!, right.address!, Uint8Array.of(value))));
      await arrival;
    }
    expect(kept.map((packet) => packet.at(-1))).toEqual([1, 2, 3]);
  });
});

describe('a RouterDaemon behind a NAT that redirects a port', () => {
  test('names its public endpoint in its addresses', async () => {
    const network = memoryNetwork();
    const datagrams = network.bind('198.51.100.1', 4000);
    const router = await keep(startRouter({ datagrams, publicEndpoint: '203.0.113.1' }));
    expect(router.endpoint).toEqual({ address: '198.51.100.1', port: 4000 });
    expect(router.publicEndpoint).toEqual({ address: '203.0.113.1', port: 25_790 });
    expect(router.address).toBe('fc64:bed:cb00:7101:c800:7101:64be:c000');
  });

  test('has the same endpoint twice elsewhere', async () => {
    const network = memoryNetwork();
    const router = await keep(startRouter({ datagrams: network.bind('192.0.2.1', 25790) }));
    expect(router.publicEndpoint).toEqual(router.endpoint);
  });

  test.each([
    ['0.0.0.0', 0],
    ['127.0.0.1', 0],
  ])('may listen on %s', async (listen, port) => {
    const router = await keep(startRouter({ listen, port, publicEndpoint: '203.0.113.1:4001' }));
    expect(router.endpoint.address).toBe(listen);
    expect(router.endpoint.port).not.toBe(4001);
    expect(router.prefix).toBe('fc64:bed:cb00:7101::/64');
  });

  test('listens at the public port unless another is given', async () => {
    const probe = await keep(startRouter({ listen: '127.0.0.1', port: 0 }));
    const { port } = probe.endpoint;
    await probe.close();
    const publicEndpoint = `203.0.113.1:${port}`;
    const router = await keep(startRouter({ listen: '127.0.0.1', publicEndpoint }));
    expect(router.endpoint.port).toBe(port);
  });
});

describe('a PeerDaemon', () => {
  test('has several routers, and adds and removes them', async () => {
    const network = memoryNetwork();
    const routers = [];
    for (const host of [1, 2]) {
      const datagrams = network.bind(`192.0.2.${host}`, 25790);
      routers.push(await keep(startRouter({ datagrams })));
    }
    const peer = await keep(
      startPeer({ routers: '192.0.2.1', datagrams: network.bind('198.51.100.1') }),
    );
    await peer.ready;
    const second = once(peer, 'address');
    peer.addRouter('192.0.2.2');
    await second;
    expect(peer.leases.map(({ address }) => address.split(':').slice(0, 4).join(':'))).toEqual(
      routers.map(({ prefix }) => prefix.replace('::/64', '')),
    );
    expect(() => peer.addRouter('192.0.2.2')).toThrow(/^routers: found 192\.0\.2\.2:25790/);
    const lost = once(peer, 'address-lost');
    peer.removeRouter('192.0.2.1');
    expect((await lost)[0]).toMatchObject({ router: { address: '192.0.2.1' } });
    expect(peer.leases).toHaveLength(1);
  });

  test('reports a changed address with the one before', async () => {
    const network = memoryNetwork();
    await keep(startRouter({ datagrams: network.bind('192.0.2.1', 25790) }));
    const datagrams = network.bind('198.51.100.1', 5000);
    const peer = await keep(startPeer({ routers: '192.0.2.1', datagrams }));
    const before = await peer.ready;
    await datagrams.rebind(false);
    const change = once(peer, 'address');
    // The router answers frames from the wrong port with what is right, once they have as many bytes.
    const ping = pingPacket({ from: before.address, to: 'fc64:bed:c000:201:c633:6402:1388:0' });
    for (let count = 0; count < 2; count++) peer.send(ping.slice());
    const [lease, previous] = await change;
    expect(previous).toEqual(before);
    expect(lease).toMatchObject({ publicEndpoint: { port: datagrams.endpoint.port } });
    expect(peer.address).toBe(lease.address);
  });

  test('moves to an even port when a draft01 router refuses its odd one', async () => {
    const network = memoryNetwork();
    const profile = 'draft01';
    const router = await keep(
      startRouter({
        datagrams: network.bind('192.0.2.1', 25788),
        profile,
        prefix: '2001:db8:64:64::/64',
      }),
    );
    const datagrams = network.bind('198.51.100.1', 49_153);
    const peer = await keep(startPeer({ routers: router.endpoint, profile, datagrams }));
    const refused = once(peer, 'port-refused');
    const lease = await peer.ready;
    expect((await refused)[0]).toMatchObject({
      publicEndpoint: { port: 49_153 },
      movedTo: datagrams.endpoint.port,
    });
    expect(datagrams.endpoint.port % 2).toBe(0);
    expect(lease.prefix).toBe('2001:db8:64:64::/64');
  });

  test('gives up moving, and reports that once, when no port helps', async () => {
    const network = memoryNetwork();
    const profile = 'draft01';
    const router = await keep(
      startRouter({ datagrams: network.bind('192.0.2.1', 25788), profile }),
    );
    const odd = network.bind('198.51.100.1', 49_153);
    const stubborn: DatagramPort = {
      get endpoint() {
        return odd.endpoint;
      },
      counters: odd.counters,
      start: (handler) => odd.start(handler),
      send: (...args) => odd.send(...args),
      rebind: () => Promise.resolve(),
      close: () => odd.close(),
    };
    const peer = await keep(startPeer({ routers: router.endpoint, profile, datagrams: stubborn }));
    const moves: (number | null)[] = [];
    const given = new Promise<void>((resolve) => {
      peer.on('port-refused', ({ movedTo }) => {
        moves.push(movedTo);
        if (movedTo === null) resolve();
      });
    });
    await given;
    expect(moves).toEqual([...Array<number>(16).fill(49_153), null]);
  });

  test('rejects ready when it is closed before a router answers', async () => {
    const network = memoryNetwork();
    const peer = await startPeer({
      routers: '192.0.2.1',
      datagrams: network.bind('198.51.100.1'),
    });
    expect(peer.address).toBeNull();
    await peer.close();
    await expect(peer.ready).rejects.toMatchObject({ code: 'ECANCELED' });
  });

  test('sends keepalives with the TTL of its options', async () => {
    const ttls: number[] = [];
    let first: () => void = () => {};
    const sent = new Promise<void>((resolve) => {
      first = resolve;
    });
    const network = memoryNetwork({
      forward: ({ bytes, ttl }) => {
        if (bytes.length === 0) {
          ttls.push(ttl);
          first();
        }
        return true;
      },
    });
    await keep(startRouter({ datagrams: network.bind('192.0.2.1', 25790) }));
    await keep(
      startPeer({
        routers: '192.0.2.1',
        datagrams: network.bind('198.51.100.1'),
        keepalive: { interval: 0.05, ttl: 7 },
      }),
    );
    await sent;
    expect(ttls[0]).toBe(7);
  });
});

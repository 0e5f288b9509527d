import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  checkPeerOptions,
  type GatewayDaemon,
  memoryNetwork,
  openTunnel,
  PortableUdp,
  type RouterDaemon,
  startGateway,
  startPeer,
  startRouter,
  type Tunnel,
} from '../../src/index.js';

const LOOPBACK = '127.0.0.1';
const routers = '192.0.2.1';

let router: RouterDaemon;
let gateway: GatewayDaemon;
let tunnels: Tunnel[];

beforeEach(async () => {
  tunnels = [];
  router = await startRouter({ listen: LOOPBACK, port: 0, driver: 'portable' });
  gateway = await startGateway({
    routers: router.endpoint,
    publicAddress: LOOPBACK,
    web: { host: LOOPBACK, port: 0 },
  });
});
afterEach(async () => {
  for (const tunnel of tunnels) await tunnel.close();
  await gateway.close();
  await router.close();
});

const url = (): string => `ws://${LOOPBACK}:${gateway.report().web.port}/6bed4`;

async function open(options: Partial<Parameters<typeof openTunnel>[0]>): Promise<Tunnel> {
  const tunnel = await openTunnel({ routers: router.endpoint, ...options });
  tunnels.push(tunnel);
  return tunnel;
}

describe('a tunnel over a gateway', () => {
  test('has an address of the gateway, and speaks TCP with others', async () => {
    const one = await open({ uplink: 'wss', gateway: url() });
    const other = await open({});
    expect(one.peer.gateway).toBe(url());
    expect(gateway.report().clients.connected).toBe(1);
    const server = other.createServer((socket) => socket.end('hello')).listen(7);
    await once(server, 'listening');
    const socket = one.connect(7, other.address!);
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('hello');
  });

  test('finds a direct path to another client', async () => {
    const [one, other] = await Promise.all([
      open({ uplink: 'wss', gateway: url() }),
      open({ uplink: 'wss', gateway: url() }),
    ]);
    const { path, endpoint } = await one.waitForDirect(other.address!);
    expect(path).toBe('direct');
    expect(endpoint).toEqual(other.peer.leases[0]!.publicEndpoint);
  });

  test('keeps its address when the connection breaks', async () => {
    const tunnel = await open({ uplink: 'wss', gateway: url() });
    const { address } = tunnel;
    const { port } = gateway.report().web;
    await gateway.close();
    gateway = await startGateway({
      routers: router.endpoint,
      publicAddress: LOOPBACK,
      web: { host: LOOPBACK, port },
    });
    // This one does not know it: so the address is another one.
    const [lease] = await once(tunnel, 'address');
    expect(lease.address).not.toBe(address);
  });

  test('begins where UDP is blocked, and ends when it is not any more', async () => {
    let isBlocked = true;
    const udp = await PortableUdp.open({ address: LOOPBACK });
    const send = udp.send.bind(udp);
    udp.send = (...args) => {
      if (!isBlocked) send(...args);
    };
    const began = performance.now();
    const tunnel = await open({ gateway: url(), datagrams: udp });
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(tunnel.peer.gateway).toBe(url());
    const { address } = tunnel;
    const returned = once(tunnel.peer, 'uplink');
    isBlocked = false;
    const [{ gateway: used }] = await returned;
    expect(used).toBeNull();
    if (tunnel.address === address) await once(tunnel, 'address');
    expect(tunnel.peer.leases[0]!.publicEndpoint).toEqual(udp.endpoint);
    // It took leave.
    await vi.waitFor(
      () => expect(gateway.report().clients).toEqual({ connected: 0, away: 0 }),
      5_000,
    );
  });

  test('is not used where UDP works', async () => {
    const tunnel = await open({ gateway: url() });
    expect(tunnel.peer.gateway).toBeNull();
    expect(gateway.report().counters.connectionsAccepted).toBe(0);
  });

  test('tells when the gateway leads to other routers', async () => {
    const peer = await startPeer({ routers, uplink: 'wss', gateway: url() });
    const [warning] = await once(peer, 'warning');
    expect(warning.message).toMatch(/leads to 127\.0\.0\.1:\d+, no router of this peer$/);
    await peer.close();
  });

  test('tells when there is no gateway', async () => {
    const datagrams = memoryNetwork().bind('203.0.113.1');
    const peer = await startPeer({
      routers,
      uplink: 'auto',
      gateway: 'ws://127.0.0.1:1',
      datagrams,
    });
    const [failure] = await once(peer, 'gateway-failed');
    expect(failure).toMatchObject({ url: 'ws://127.0.0.1:1', wasOpen: false });
    await peer.close();
  });
});

describe('options', () => {
  test.each([
    [{ uplink: 'tcp' as 'udp' }, /uplink: found "tcp"/],
    [{ uplink: 'auto' as const }, /gateway: found none/],
    [{ gateway: 'https://a.example/' }, /gateway: found "https/],
    [{ gateway: 'ws://a.example/' }, /gateway: found "ws:/],
    [{ gateway: 'wss://user@a.example/' }, /gateway: found/],
    [{ gateway: 'wss://a.example/', gatewayToken: 'a b' }, /gatewayToken: found another text/],
  ])('%j are refused', (options, message) => {
    expect(() => checkPeerOptions({ routers, ...options })).toThrow(message);
  });

  test('a router with a name has a gateway of that name', () => {
    expect(() => checkPeerOptions({ routers: 'a.example', uplink: 'auto' })).not.toThrow();
  });
});

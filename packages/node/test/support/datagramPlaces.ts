import dgram from 'node:dgram';
import {
  memoryNetwork,
  openTunnel,
  type RouterDaemon,
  startRouter,
  type Tunnel,
  type TunnelOptions,
  type TunnelSocketSettings,
} from '../../src/index.js';

/** Two ends that can send each other datagrams: sockets of the system, or over tunnels. */
export interface DatagramPlace {
  readonly title: string;
  readonly leftAddress: string;
  readonly rightAddress: string;
  left(options?: Partial<TunnelSocketSettings>): dgram.Socket;
  right(options?: Partial<TunnelSocketSettings>): dgram.Socket;
  close(): Promise<void>;
}

/** Sockets of `node:dgram` on ::1. */
export function systemPlace(): Promise<DatagramPlace> {
  const create = (options: Partial<TunnelSocketSettings> = {}): dgram.Socket => {
    const { lookup, ...rest } = options;
    return dgram.createSocket({
      type: 'udp6',
      ...rest,
      ...(lookup === undefined ? {} : { lookup: lookup as unknown as never }),
    } as dgram.SocketOptions);
  };
  return Promise.resolve({
    title: 'node:dgram',
    leftAddress: '::1',
    rightAddress: '::1',
    left: create,
    right: create,
    close: () => Promise.resolve(),
  });
}

/** Sockets of one tunnel. */
export async function oneTunnelPlace(address?: '::1'): Promise<DatagramPlace> {
  const lab = await tunnelLab();
  const tunnel = await lab.open();
  const own = address ?? tunnel.address!;
  return {
    title: address === undefined ? 'one tunnel' : `one tunnel and ${address}`,
    leftAddress: own,
    rightAddress: own,
    left: (options) => tunnel.createSocket({ type: 'udp6', ...options }),
    right: (options) => tunnel.createSocket({ type: 'udp6', ...options }),
    close: lab.close,
  };
}

/** Sockets of two tunnels, with a router between them. */
export async function twoTunnelsPlace(
  options: Partial<TunnelOptions> = {},
): Promise<DatagramPlace> {
  const lab = await tunnelLab();
  const [left, right] = [await lab.open(options), await lab.open(options)];
  return {
    title: 'two tunnels',
    leftAddress: left.address!,
    rightAddress: right.address!,
    left: (options) => left.createSocket({ type: 'udp6', ...options }),
    right: (options) => right.createSocket({ type: 'udp6', ...options }),
    close: lab.close,
  };
}

/** A router in memory, and tunnels over it. */
export interface TunnelLab {
  readonly router: RouterDaemon;
  readonly network: ReturnType<typeof memoryNetwork>;
  open(options?: Partial<TunnelOptions>): Promise<Tunnel>;
  close(): Promise<void>;
}

export async function tunnelLab(
  network: ReturnType<typeof memoryNetwork> = memoryNetwork(),
): Promise<TunnelLab> {
  const router = await startRouter({ datagrams: network.bind('198.51.100.1', 25790) });
  const tunnels: Tunnel[] = [];
  return {
    router,
    network,
    async open(options = {}) {
      const datagrams = network.bind(`203.0.113.${tunnels.length + 1}`);
      const tunnel = await openTunnel({ routers: router.endpoint, datagrams, ...options });
      tunnels.push(tunnel);
      return tunnel;
    },
    async close() {
      await Promise.all(tunnels.map((tunnel) => tunnel.close()));
      await router.close();
    },
  };
}

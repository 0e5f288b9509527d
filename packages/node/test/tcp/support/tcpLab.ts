import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { memoryNetwork, TcpSocket, type Tunnel, type TunnelOptions } from '../../../src/index.js';
import { type TunnelLab, tunnelLab } from '../../support/datagramPlaces.js';

/** A router and tunnels in memory that end with the test. */
export async function newLab(): Promise<TunnelLab> {
  const lab = await tunnelLab(memoryNetwork());
  onTestFinished(() => lab.close());
  return lab;
}

/** Two tunnels in memory that end with the test. */
export async function twoTunnels(
  options: Partial<TunnelOptions> = {},
): Promise<[client: Tunnel, server: Tunnel]> {
  const lab = await newLab();
  return [await lab.open(options), await lab.open(options)];
}

/** Where programs connect and listen: the system, or tunnels, which have to be alike. */
export interface Place {
  /** Address of the side that listens. */
  readonly address: string;
  /** Address of the side that connects. */
  readonly from: string;
  readonly connect: typeof net.connect;
  readonly createServer: typeof net.createServer;
  newSocket(options?: net.SocketConstructorOpts): Socket;
}

/** Sockets of `node:net` on 127.0.0.1. */
export const system: Place = {
  address: '127.0.0.1',
  from: '127.0.0.1',
  connect: net.connect,
  createServer: net.createServer,
  newSocket: (options) => new net.Socket(options),
};

/** Sockets of two tunnels. */
async function tunnelsPlace(): Promise<Place> {
  const [client, server] = await twoTunnels();
  return {
    address: server.address!,
    from: client.address!,
    connect: client.connect as unknown as Place['connect'],
    createServer: server.createServer as unknown as Place['createServer'],
    newSocket: (options) => new TcpSocket(client, options as never) as unknown as Socket,
  };
}

/** Begins to listen on a free port, which it returns; the server ends with the test. */
export async function listening(server: Server): Promise<number> {
  server.listen(0);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server of a place, and a socket that is connected to it, with that of the server. */
export interface Connected {
  readonly place: Place;
  readonly server: Server;
  readonly client: Socket;
  readonly accepted: Socket;
  readonly port: number;
}

/** Connects a socket to a server of a place, both with the same options. */
export async function connectedIn(
  place: Place,
  options: net.ServerOpts & Partial<net.NetConnectOpts> = {},
): Promise<Connected> {
  const server = place.createServer(options);
  const port = await listening(server);
  const client = place.connect({ ...options, host: place.address, port });
  const [[accepted]] = (await Promise.all([
    once(server, 'connection'),
    once(client, 'connect'),
  ])) as [[Socket], unknown];
  return { place, server, client, accepted, port };
}

/** Both places, for `describe.each`. */
export const places = [
  { title: 'node:net', open: (): Promise<Place> => Promise.resolve(system) },
  { title: 'tunnels', open: tunnelsPlace },
];

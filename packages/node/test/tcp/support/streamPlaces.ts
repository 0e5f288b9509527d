import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tunnelLab } from '../../support/datagramPlaces.js';

/** Two ends, one of which connects to the other by TCP: of the system, or over tunnels. */
export interface StreamPlace {
  readonly title: string;
  /** The address of the side that accepts. */
  readonly address: string;
  connect(options: { readonly host?: string; readonly port: number }): Socket;
  createServer(
    options: { readonly allowHalfOpen?: boolean },
    listener: (socket: Socket) => void,
  ): Server;
  close(): Promise<void>;
}

/** Sockets of `node:net` on 127.0.0.1. */
export function systemPlace(): Promise<StreamPlace> {
  return Promise.resolve({
    title: 'node:net',
    address: '127.0.0.1',
    connect: (options) => net.connect({ host: '127.0.0.1', ...options }),
    createServer: (options, listener) => net.createServer(options, listener),
    close: () => Promise.resolve(),
  });
}

/** Sockets of two tunnels, with a router between them. */
export async function tunnelPlace(): Promise<StreamPlace> {
  const lab = await tunnelLab();
  const [left, right] = [await lab.open(), await lab.open()];
  return {
    title: 'two tunnels',
    address: right.address!,
    connect: (options) => left.connect(options) as unknown as Socket,
    createServer: (options, listener) =>
      right.createServer(options, listener as never) as unknown as Server,
    close: lab.close,
  };
}

/** Begins to listen on a free port, which it returns. */
export async function listening(server: Server): Promise<number> {
  server.listen(0);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

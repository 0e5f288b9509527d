import { encodeAddress, UdpEndpoint } from '@6bed4/codec';
import { datagramMessage, type Hello, offeredSubprotocols, parseHello } from '@6bed4/gateway';
import { type ClientOptions, WebSocket } from 'ws';
import {
  type GatewayDaemon,
  type GatewayOptions,
  type RouterDaemon,
  startGateway,
  startRouter,
} from '../../../src/index.js';

export const LOOPBACK = '127.0.0.1';
export const LOOPBACK_BITS = 0x7f00_0001;
const PREFIX = 'fc64:bed:7f00:1::/64';

/** A client that has an endpoint. */
export interface Connected {
  readonly socket: WebSocket;
  readonly hello: Hello;
  /** Binary messages that came. */
  readonly messages: Uint8Array[];
  readonly closed: Promise<number>;
}

type Credentials = Partial<Parameters<typeof offeredSubprotocols>[0]>;

/** A router, a gateway in front of it, and plain WebSockets as clients, all on loopback. */
export class GatewayClients {
  readonly router: RouterDaemon;
  readonly #sockets: WebSocket[] = [];
  #gateway: GatewayDaemon | null = null;

  private constructor(router: RouterDaemon) {
    this.router = router;
  }

  static async open(): Promise<GatewayClients> {
    const router = await startRouter({ listen: LOOPBACK, port: 0, driver: 'portable' });
    return new GatewayClients(router);
  }

  get gateway(): GatewayDaemon {
    return this.#gateway!;
  }

  /** The endpoint of the router. */
  get routerEndpoint(): UdpEndpoint {
    return new UdpEndpoint(LOOPBACK_BITS, this.router.endpoint.port);
  }

  async start(options: Partial<GatewayOptions> = {}): Promise<void> {
    this.#gateway = await startGateway({
      routers: this.router.endpoint,
      publicAddress: LOOPBACK,
      web: { host: LOOPBACK, port: 0 },
      ...options,
    });
  }

  /** Begins a WebSocket. */
  socket(credentials: Credentials = {}, options: ClientOptions = {}): WebSocket {
    const { port } = this.gateway.report().web;
    const offered = offeredSubprotocols({ token: null, resume: null, ...credentials });
    const socket = new WebSocket(`ws://${LOOPBACK}:${port}/6bed4`, offered, options);
    socket.on('error', () => {});
    this.#sockets.push(socket);
    return socket;
  }

  /** Waits until a client has its endpoint. */
  async connect(credentials: Credentials = {}, options: ClientOptions = {}): Promise<Connected> {
    const socket = this.socket(credentials, options);
    const messages: Uint8Array[] = [];
    const closed = closeOf(socket);
    const hello = await new Promise<Hello>((resolve, reject) => {
      closed.then((code) => reject(new Error(`closed: ${code}`)));
      socket.on('message', (data, isBinary) => {
        if (isBinary) messages.push(Uint8Array.from(data as Buffer));
        else resolve(parseHello(String(data))!);
      });
    });
    return { socket, hello, messages, closed };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await this.#gateway?.close();
    await this.router.close();
  }
}

/** The code with which a WebSocket ends. */
export function closeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

/** The HTTP status with which a connection is refused. */
export function statusOf(socket: WebSocket): Promise<number | undefined> {
  return new Promise((resolve) =>
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)),
  );
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The 6bed4 address of a client. */
export function addressOf({ endpoint }: Pick<Hello, 'endpoint'>): string {
  return encodeAddress({ prefix: PREFIX, peer: endpoint, lanip: 1 });
}

/** The endpoint of a client of a gateway on loopback. */
export function endpointOf({ endpoint }: Pick<Hello, 'endpoint'>): UdpEndpoint {
  return new UdpEndpoint(LOOPBACK_BITS, endpoint.port);
}

/** The message of a packet to an endpoint. */
export function message(packet: Uint8Array, to: UdpEndpoint): Uint8Array {
  return datagramMessage(packet, 0, packet.length, to);
}

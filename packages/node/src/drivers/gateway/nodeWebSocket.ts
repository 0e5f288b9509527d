import type { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LONGEST_MESSAGE, type WebSocketLike } from '@6bed4/gateway';
import { setImmediate } from '../../realTimers.js';
import {
  type CreateConnection,
  checkProxyUrl,
  connectionsThrough,
  type GatewayProxy,
} from './connectProxy.js';

/** Milliseconds that the handshake may take. */
const HANDSHAKE_TIMEOUT = 10_000;

/** A WebSocket, and whether it keeps the process alive. */
export interface NodeWebSocket {
  readonly socket: WebSocketLike;
  keepAlive(isRef: boolean): void;
}

/** Opens a WebSocket to a gateway. */
export type OpenNodeWebSocket = (url: string, protocols: string[]) => NodeWebSocket;

/**
 * Loads what opens WebSockets.
 *
 * @param proxyOf - the HTTP proxy on the way to a gateway
 */
export async function loadWebSockets(
  urls: readonly string[],
  proxyOf: GatewayProxy,
): Promise<OpenNodeWebSocket> {
  const { WebSocket } = await import('ws');
  const connections = new Map<string, CreateConnection>();
  for (const url of urls) {
    const proxy = await proxyOf(url);
    if (proxy === null) continue;
    connections.set(url, await connectionsThrough(checkProxyUrl(proxy), url.startsWith('wss:')));
  }
  return (url, protocols) => {
    const createConnection = connections.get(url);
    const socket = new WebSocket(url, protocols, {
      ...(createConnection && { createConnection: createConnection as unknown as typeof connect }),
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      maxPayload: LONGEST_MESSAGE,
      followRedirects: false,
    });
    let transport: (Duplex & { ref?(): void; unref?(): void }) | null = null;
    let isKeptAlive = true;
    let isCorked = false;
    const uncork = (): void => {
      isCorked = false;
      transport?.uncork();
    };
    const send = socket.send.bind(socket);
    // What is sent in one turn leaves together, in few system calls and records of TLS.
    socket.send = (data: Uint8Array) => {
      if (!isCorked && transport !== null) {
        isCorked = true;
        transport.cork();
        setImmediate(uncork);
      }
      send(data, BINARY);
    };
    const keepAlive = (isRef: boolean): void => {
      isKeptAlive = isRef;
      if (isRef) transport?.ref?.();
      else transport?.unref?.();
    };
    socket.on('upgrade', ({ socket: found }: { readonly socket: Socket | null }) => {
      // Bun does not show it.
      if (found === null) return;
      found.setNoDelay(true);
      transport = found;
      keepAlive(isKeptAlive);
    });
    return { socket: socket as unknown as WebSocketLike, keepAlive };
  };
}

const BINARY = { binary: true, compress: false } as const;

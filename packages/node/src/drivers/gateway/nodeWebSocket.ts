import type { Duplex } from 'node:stream';
import { LONGEST_MESSAGE, type WebSocketLike } from '@6bed4/gateway';
import { setImmediate } from '../../realTimers.js';

/** Milliseconds that the handshake may take. */
const HANDSHAKE_TIMEOUT = 10_000;

/** A WebSocket, and whether it keeps the process alive. */
export interface NodeWebSocket {
  readonly socket: WebSocketLike;
  keepAlive(isRef: boolean): void;
}

/** Opens a WebSocket to a gateway. */
export type OpenNodeWebSocket = (url: string, protocols: string[]) => NodeWebSocket;

/** Loads what opens WebSockets. */
export async function loadWebSockets(): Promise<OpenNodeWebSocket> {
  const { WebSocket } = await import('ws');
  return (url, protocols) => {
    const socket = new WebSocket(url, protocols, {
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
    socket.on('upgrade', ({ socket: found }) => {
      found.setNoDelay(true);
      transport = found;
      keepAlive(isKeptAlive);
    });
    return { socket: socket as unknown as WebSocketLike, keepAlive };
  };
}

const BINARY = { binary: true, compress: false } as const;

import type { Duplex } from 'node:stream';
import type { SessionConnection } from '@6bed4/gateway';
import type { WebSocket } from 'ws';

/** The WebSocket of a client of a gateway. */
export class ClientConnection implements SessionConnection {
  readonly socket: WebSocket;
  /** Whom it counts for. */
  readonly source: string;
  readonly #transport: Duplex;

  /** @param transport - what carries it */
  constructor(socket: WebSocket, transport: Duplex, source: string) {
    this.socket = socket;
    this.source = source;
    this.#transport = transport;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message, { binary: typeof message !== 'string', ...NOT_COMPRESSED });
  }

  ping(): void {
    this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  cork(): void {
    this.#transport.cork();
  }

  uncork(): void {
    this.#transport.uncork();
  }
}

const NOT_COMPRESSED = { compress: false, fin: true } as const;

import type { TcpConnection } from '../connection/connection.js';

/** A port at which connections are accepted (RFC 9293 §3.3.2, LISTEN). */
export class TcpListener {
  /** The address, 16 bytes; null for all of this side. */
  readonly address: Uint8Array | null;
  readonly port: number;
  /** Connections whose handshake is not complete, and likewise those that were not taken yet, at most. */
  readonly backlog: number;
  /** What the listener belongs to, for the driver of the stack. */
  owner: unknown = null;
  /** @internal Those whose handshake is not complete. */
  halfOpen = 0;
  /** @internal When a SYN was answered with a cookie last, in milliseconds. */
  cookieAt = Number.NEGATIVE_INFINITY;
  readonly #waiting: TcpConnection[] = [];

  constructor(address: Uint8Array | null, port: number, backlog: number) {
    this.address = address;
    this.port = port;
    this.backlog = Math.max(1, backlog);
  }

  /** The next connection that was opened, or null. */
  accept(): TcpConnection | null {
    return this.#waiting.shift() ?? null;
  }

  /** @internal Whether there is no room for another connection that waits to be taken. */
  get isFull(): boolean {
    return this.#waiting.length >= this.backlog;
  }

  /** @internal */
  offer(connection: TcpConnection): void {
    this.#waiting.push(connection);
  }
}

import type { KeepAliveOptions, TcpConnection, TcpErrorCode, TcpEvent, TcpState } from '@6bed4/tcp';

/** Handler of what happens to a {@link TcpSocket}. */
export type OnTcpEvent = (event: TcpEvent, socket: TcpSocket) => void;

/** The stack of a connection, which has to send what a call leads to. */
export interface TcpSocketHost {
  /** The time of the stack's clock, in milliseconds. */
  now(): number;
  /** Sends and reports what calls have led to. */
  settle(): void;
}

/** One end of a TCP connection of a peer. */
export class TcpSocket {
  /** The connection itself; what it is told directly, it sends with the next call of this socket. */
  readonly connection: TcpConnection;
  /** Called for every event, after the call that led to it. */
  onEvent: OnTcpEvent;
  /** All events so far, in order. */
  readonly events: TcpEvent[] = [];
  readonly #host: TcpSocketHost;

  /** @internal */
  constructor(host: TcpSocketHost, connection: TcpConnection, onEvent: OnTcpEvent) {
    this.#host = host;
    this.connection = connection;
    this.onEvent = onEvent;
  }

  get state(): TcpState {
    return this.connection.state;
  }

  /** The reason of the end; null for none, or when both sides have ended. */
  get error(): TcpErrorCode | null {
    return this.connection.error;
  }

  /** Whether all was read that the other side will ever send. */
  get isEnded(): boolean {
    return this.connection.isEnded;
  }

  /** Bytes that {@link write} takes now. */
  get writable(): number {
    return this.connection.writable;
  }

  /** Writes as many bytes as there is room for; `writable` tells when there is room again. @returns how many */
  write(bytes: Uint8Array): number {
    const count = this.connection.write(bytes, 0, bytes.length, this.#host.now());
    this.#host.settle();
    return count;
  }

  /** Reads into a buffer what arrived. @returns how many bytes, 0 for none so far, or at the end */
  read(into: Uint8Array): number {
    const count = this.connection.read(into, 0, into.length, this.#host.now());
    this.#host.settle();
    return count;
  }

  /** Ends the data of this side; what was written still arrives. */
  end(): void {
    this.connection.end(this.#host.now());
    this.#host.settle();
  }

  /** Gives the connection up, and tells the other side. */
  abort(): void {
    this.connection.abort(this.#host.now());
    this.#host.settle();
  }

  /** Has the connection probed while it is idle; null for not. */
  setKeepAlive(options: KeepAliveOptions | null): void {
    this.connection.setKeepAlive(options, this.#host.now());
    this.#host.settle();
  }
}

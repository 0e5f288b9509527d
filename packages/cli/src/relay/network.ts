import type { RemoteInfo } from 'node:dgram';
import type { Duplex } from 'node:stream';

/** The part of `net.Socket` that relaying needs; connections over a tunnel have it, too. */
export interface Connection extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  setTimeout(milliseconds: number, listener?: () => void): unknown;
  setNoDelay(noDelay?: boolean): unknown;
  /** Closes with RST instead of FIN. */
  resetAndDestroy(): unknown;
}

/** The part of `net.Server` that listening needs. */
export interface ConnectionServer {
  listen(port: number, listener: () => void): unknown;
  close(): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** The part of `dgram.Socket` that relaying needs. */
export interface DatagramSocket {
  bind(port: number, listener: () => void): unknown;
  send(
    message: Uint8Array,
    port: number,
    address: string,
    callback?: (error: Error | null) => void,
  ): void;
  close(): unknown;
  on(event: 'message', listener: (message: Buffer, from: RemoteInfo) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Options of a connection over the tunnel. */
export interface TunnelConnectionOptions {
  /** An IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly allowHalfOpen: true;
  readonly noDelay: true;
}

/** TCP and UDP over IPv6: a tunnel, or what stands for one in tests. */
export interface Network {
  connect(options: TunnelConnectionOptions): Connection;
  createServer(
    options: { readonly allowHalfOpen: true; readonly noDelay: true },
    listener: (connection: Connection) => void,
  ): ConnectionServer;
  createSocket(type: 'udp6'): DatagramSocket;
}

import type { SocketLookup, TunnelSocket, TunnelSocketSettings } from '@6bed4/node';

/** A tunnel that makes datagram sockets for streams. */
export interface StreamHost {
  createSocket(options: TunnelSocketSettings): TunnelSocket;
}

/** Settings of the datagram socket below a stream, as in `TunnelSocketSettings` of `@6bed4/node`. */
export type StreamSocketSettings = Pick<TunnelSocketSettings, 'lanip' | 'policy'>;

export type { SocketLookup };

import { openTunnel as openPlainTunnel, type Tunnel, type TunnelOptions } from '@6bed4/node';
import { connectStream, type TunnelConnectOptions } from './connectStream.js';
import { TunnelServer, type TunnelServerOptions } from './tunnelServer.js';
import type { TunnelStream } from './tunnelStream.js';

/** A tunnel of `@6bed4/node` that also opens and accepts streams; made by {@link openTunnel}. */
export interface StreamingTunnel extends Omit<Tunnel, 'connect' | 'createServer'> {
  /**
   * Connects a stream to a {@link TunnelServer} of another tunnel, as `net.connect` does.
   *
   * @param listener - for `connect`
   * @throws ERR_SOCKET_DGRAM_NOT_RUNNING when the tunnel is closed
   */
  connect(options: TunnelConnectOptions, listener?: () => void): TunnelStream;

  /** Makes a server that accepts streams, as `net.createServer` does. */
  createServer(listener?: (stream: TunnelStream) => void): TunnelServer;
  /** Makes a server with options, as `net.createServer` does. */
  createServer(
    options: TunnelServerOptions,
    listener?: (stream: TunnelStream) => void,
  ): TunnelServer;
}

/** Opens a tunnel as `openTunnel` of `@6bed4/node` does, and gives it streams. */
export async function openTunnel(options: TunnelOptions): Promise<StreamingTunnel> {
  const tunnel = await openPlainTunnel(options);
  return Object.assign(tunnel, {
    connect(options: TunnelConnectOptions, listener?: () => void): TunnelStream {
      const stream = connectStream(tunnel, options);
      if (listener !== undefined) stream.once('connect', listener);
      return stream;
    },
    createServer(
      options: TunnelServerOptions | ((stream: TunnelStream) => void) = {},
      listener?: (stream: TunnelStream) => void,
    ): TunnelServer {
      return typeof options === 'function'
        ? new TunnelServer(tunnel, {}, options)
        : new TunnelServer(tunnel, options, listener);
    },
  });
}

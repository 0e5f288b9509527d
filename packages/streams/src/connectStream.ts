import { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { TunnelSocket } from '@6bed4/node';
import { pick } from './pick.js';
import {
  createStreamEndpoint,
  type StreamConnectOptions,
  type StreamEndpointOptions,
} from './streamEndpoint.js';
import type { SocketLookup, StreamHost, StreamSocketSettings } from './streamHost.js';
import { type LocalEnd, TunnelStream } from './tunnelStream.js';

/** Options of {@link StreamingTunnel.connect}. */
export interface TunnelConnectOptions
  extends Omit<StreamConnectOptions, 'address'>,
    Pick<StreamEndpointOptions, 'silence' | 'receiveWindow'>,
    StreamSocketSettings {
  /** Address or name of the other side. */
  readonly host: string;
  /** UDP port on this side; default any. */
  readonly localPort?: number;
  /** Finds addresses of names; default `dns.lookup`. */
  readonly lookup?: SocketLookup;
}

/** Makes a stream over a datagram socket of its own. */
export function connectStream(host: StreamHost, options: TunnelConnectOptions): TunnelStream {
  const socket = host.createSocket({
    type: 'udp6',
    ...pick(options, 'lanip', 'policy'),
  });
  // Errors of the socket while the stream closes are of no consequence.
  socket.on('error', () => {});
  const localEnd: LocalEnd = {
    address: () => socket.address(),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  };
  const stream = new TunnelStream(localEnd, null, options);
  connect(socket, stream, options)
    .catch((error: Error) => stream.destroy(error))
    .finally(() => close(socket));
  return stream;
}

async function connect(
  socket: TunnelSocket,
  stream: TunnelStream,
  options: TunnelConnectOptions,
): Promise<void> {
  const address = await resolve(options);
  if (stream.destroyed) return;
  const bound = once(socket, 'listening');
  socket.bind(options.localPort ?? 0);
  await bound;
  const connected = once(socket, 'connect');
  socket.connect(options.port, address);
  await connected;
  const endpoint = await createStreamEndpoint(socket, pick(options, 'silence', 'receiveWindow'));
  if (!stream.destroyed) {
    endpoint.attach(stream, { ...options, address });
    if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  }
  await endpoint.close();
}

function resolve({ host, lookup = systemLookup }: TunnelConnectOptions): Promise<string> {
  if (isIPv6(host)) return Promise.resolve(host);
  return new Promise((resolve, reject) => {
    lookup(host, 6, (error, address) => {
      if (error) reject(error);
      else resolve(address);
    });
  });
}

/** The tunnel may have closed it already. */
function close(socket: TunnelSocket): void {
  try {
    socket.close();
  } catch {}
}

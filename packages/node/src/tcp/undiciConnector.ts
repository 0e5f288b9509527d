import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { StreamTunnel } from '../selection/connect.js';
import {
  type DestinationOptions,
  destinationOptions,
  openDestination,
} from './destinationStream.js';

const DEFAULT_TIMEOUT_MS = 10_000;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** Options of {@link createConnector}: also those of `tls.connect`, for instance of an identity. */
export interface ConnectorOptions
  extends DestinationOptions,
    Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket' | 'lookup' | 'timeout'> {
  /** Milliseconds to connect, and again for the TLS handshake; default 10000, 0 for no bound. */
  readonly timeout?: number;
}

/** What undici wants to be connected to. */
export interface ConnectorTarget {
  readonly hostname: string;
  readonly protocol: string;
  /** Empty for that of the protocol. */
  readonly port: string;
  readonly servername?: string | null;
}

/** The `connect` option of undici's clients; it brings no undici of its own. */
export type Connector = (
  target: ConnectorTarget,
  // biome-ignore lint/suspicious/noExplicitAny: undici asks for a net.Socket or TLSSocket, which the stream stands for
  connected: (...result: any) => void,
) => void;

/**
 * The `connect` option for undici's `Agent`, `Client` and `Pool`, and so for `fetch`: the choice between
 * the tunnel and the system is as with {@link createHttpAgent}.
 *
 * @example
 * ```ts
 * setGlobalDispatcher(new Agent({ connect: createConnector(tunnel) }));
 * ```
 */
export function createConnector(tunnel: StreamTunnel, options: ConnectorOptions = {}): Connector {
  const { timeout = DEFAULT_TIMEOUT_MS, ...tls } = options;
  const chosen = destinationOptions(options);

  async function open(target: ConnectorTarget): Promise<Duplex> {
    const { hostname: host, protocol } = target;
    const isSecure = protocol === 'https:';
    const port = Number(target.port) || (isSecure ? HTTPS_PORT : HTTP_PORT);
    const common = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
    const stream = await openDestination(tunnel, chosen, {
      ...{ host, port, timeout },
      ...common,
    });
    if (!isSecure) return stream;
    const servername = target.servername || (isIP(host) === 0 ? host : '');
    const ALPNProtocols = ['http/1.1'];
    return secured(
      tlsConnect({
        ALPNProtocols,
        host,
        ...tls,
        ...(servername && { servername }),
        socket: stream,
      }),
      timeout,
    );
  }

  return (target, connected) => {
    open(target).then(
      (stream) => connected(null, stream),
      (error) => connected(error, null),
    );
  };
}

/** Resolves after the TLS handshake. */
function secured(socket: TLSSocket, timeout: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const onTimeout = (): void => {
      const error = new Error(`no TLS handshake within ${timeout} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    };
    socket.setTimeout(timeout, onTimeout);
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      socket.setTimeout(0, onTimeout);
      resolve(socket);
    });
  });
}

import {
  type ClientRequestArgs,
  Agent as HttpAgent,
  type AgentOptions as HttpOptions,
} from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsOptions } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StreamTunnel } from '../selection/connect.js';
import {
  type DestinationOptions,
  destinationOptions,
  openDestination,
} from './destinationStream.js';

/** Options of {@link createHttpAgent}. */
export interface TunnelAgentOptions extends HttpOptions, DestinationOptions {}

/** Options of {@link createHttpsAgent}: also those of `tls.connect`, for instance of an identity. */
export interface TunnelHttpsAgentOptions extends HttpsOptions, DestinationOptions {}

type Opened = (error: Error | null, stream?: Duplex) => void;

/**
 * An agent for `http.request` and all that takes one: requests go through the tunnel to 6bed4 addresses and
 * names of such, and to all of IPv6 where the system has no route; otherwise over the system's TCP, as
 * {@link connect} does. Connections are open when requests get them. The `timeout` of a request or of the
 * agent also bounds the time for that, with the error `ETIMEDOUT`; after it, it is the time without data
 * that Node.js reports by the event `timeout`.
 *
 * @example
 * ```ts
 * const agent = createHttpAgent(tunnel, { keepAlive: true });
 * http.get({ host: address, port: 8080, agent }, (response) => response.pipe(process.stdout));
 * ```
 */
export function createHttpAgent(tunnel: StreamTunnel, options: TunnelAgentOptions = {}): HttpAgent {
  return new TunnelHttpAgent(tunnel, options);
}

/** As {@link createHttpAgent}, for `https.request`. */
export function createHttpsAgent(
  tunnel: StreamTunnel,
  options: TunnelHttpsAgentOptions = {},
): HttpsAgent {
  return new TunnelHttpsAgent(tunnel, options);
}

class TunnelHttpAgent extends HttpAgent {
  readonly #open: OpenStream;

  constructor(tunnel: StreamTunnel, options: TunnelAgentOptions) {
    super(options);
    this.#open = opener(tunnel, options);
  }

  override createConnection(request: ClientRequestArgs, opened: Opened): Duplex | null | undefined {
    if (request.socketPath) return super.createConnection(request, opened);
    this.#open(request, opened);
    return undefined;
  }
}

class TunnelHttpsAgent extends HttpsAgent {
  readonly #open: OpenStream;

  constructor(tunnel: StreamTunnel, options: TunnelHttpsAgentOptions) {
    super(options);
    this.#open = opener(tunnel, options);
  }

  override createConnection(request: ClientRequestArgs, opened: Opened): Duplex | null | undefined {
    if (request.socketPath) return super.createConnection(request, opened);
    this.#open(request, (error, socket) => {
      if (error !== null) return opened(error);
      try {
        // TLS and the sessions that are kept for it stay Node's.
        opened(null, super.createConnection({ ...request, socket } as ClientRequestArgs)!);
      } catch (invalid) {
        socket!.destroy();
        opened(invalid as Error);
      }
    });
    return undefined;
  }
}

type OpenStream = (request: ClientRequestArgs, opened: Opened) => void;

function opener(tunnel: StreamTunnel, agentOptions: DestinationOptions): OpenStream {
  const options = destinationOptions(agentOptions);
  return (request, opened) => {
    const { host, port, family, timeout, lookup } = request;
    const { noDelay, keepAlive, keepAliveInitialDelay } = request as HttpOptions & {
      readonly keepAliveInitialDelay?: number;
    };
    const destination = {
      host: host ?? 'localhost',
      port: Number(port),
      ...{ family, timeout, lookup: lookup as LookupFunction | undefined },
      ...{ noDelay, keepAlive, keepAliveInitialDelay },
    };
    openDestination(tunnel, options, destination).then(
      (stream) => {
        // Node.js counts on connections having the timeout that they were made with.
        if (timeout) (stream as Socket).setTimeout(timeout);
        opened(null, stream);
      },
      (error) => opened(error),
    );
  };
}

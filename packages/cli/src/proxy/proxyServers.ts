import { createServer, type Server } from 'node:net';
import { StartError } from '@6bed4/node';
import type { ListenAddress } from '../options/listenAddress.js';
import type { RelayLimits } from '../options/relayOptions.js';
import { type ConnectionCounts, Connections } from '../relay/connections.js';
import type { DatagramCounts } from '../relay/datagramCounts.js';
import type { Network } from '../relay/network.js';
import type { Credentials } from './credentials.js';
import { Dialer } from './dialer.js';
import { createHttpProxy } from './httpProxy.js';
import { type ResolveName, remembering } from './names.js';
import { hostText, type ProxyContext, type ProxyEvent } from './proxyContext.js';
import { serveSocks } from './socksServer.js';
import { UdpAssociations } from './udpAssociations.js';

const HANDSHAKE_TIMEOUT = 10_000;

export interface ProxyOptions {
  /** Where to listen for SOCKS clients; null for nowhere. */
  readonly socks: ListenAddress | null;
  /** Where to listen for HTTP clients; null for nowhere. */
  readonly http: ListenAddress | null;
  readonly network: Network;
  readonly ownPrefixes: () => readonly string[];
  readonly resolve: ResolveName;
  readonly directIPv4: boolean;
  readonly credentials: Credentials | null;
  /** Read for what begins. */
  readonly limits: Readonly<RelayLimits>;
  /** Milliseconds in which a client has to say what it wants; default 10000. */
  readonly handshakeTimeout?: number;
  readonly onEvent: (event: ProxyEvent) => void;
}

/** What a listener of a proxy has counted. */
export interface ListenerCounts extends ConnectionCounts {
  /** Where it listens. */
  readonly listen: string;
}

/** What a proxy has counted, in `6bed4 status --json`. */
export interface ProxyCounts {
  readonly socks: (ListenerCounts & { readonly udp: DatagramCounts }) | null;
  readonly http: ListenerCounts | null;
}

/** A listener, and its connections. */
interface Listener {
  readonly server: Server;
  readonly address: ListenAddress;
  readonly connections: Connections;
}

/** A proxy that gives its clients IPv6 through a tunnel. */
export class ProxyServers {
  readonly #socks: (Listener & { readonly associations: UdpAssociations }) | null;
  readonly #http: Listener | null;

  constructor(options: ProxyOptions) {
    const { network, ownPrefixes, directIPv4 } = options;
    const resolve = remembering(options.resolve);
    const dialer = new Dialer({ network, ownPrefixes, resolve, directIPv4 });
    const { socks, http } = options;
    this.#socks = socks && socksListener(socks, contextOf(options, dialer));
    this.#http = http && httpListener(http, contextOf(options, dialer));
  }

  /** @throws StartError when an address cannot be listened on */
  async listen(): Promise<void> {
    for (const [name, listener] of [
      ['socks', this.#socks],
      ['http', this.#http],
    ] as const) {
      if (listener !== null) await listening(listener, name);
    }
  }

  counts(): ProxyCounts {
    return {
      socks: this.#socks && {
        ...countsOf(this.#socks),
        udp: this.#socks.associations.counts(),
      },
      http: this.#http && countsOf(this.#http),
    };
  }

  /** Ends listening, and resets all connections. */
  close(): void {
    for (const listener of [this.#socks, this.#http]) {
      listener?.server.close();
      listener?.connections.close();
    }
  }
}

function contextOf(options: ProxyOptions, dialer: Dialer): ProxyContext {
  const { network, credentials, limits, onEvent } = options;
  const { handshakeTimeout = HANDSHAKE_TIMEOUT } = options;
  const connections = new Connections(limits);
  return { network, dialer, credentials, connections, limits, handshakeTimeout, onEvent };
}

function socksListener(address: ListenAddress, context: ProxyContext) {
  const associations = new UdpAssociations(context);
  const server = createServer({ allowHalfOpen: true }, (client) => {
    serveSocks(client, context, associations);
  });
  return { server, address, connections: context.connections, associations };
}

function httpListener(address: ListenAddress, context: ProxyContext): Listener {
  return { server: createHttpProxy(context), address, connections: context.connections };
}

function countsOf({ address, connections }: Listener): ListenerCounts {
  return { listen: hostText(address.host, address.port), ...connections.counts() };
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this computer has no such address',
  EACCES: 'ports below 1024 need privileges',
};

function listening({ server, address }: Listener, name: string): Promise<void> {
  const where = hostText(address.host, address.port);
  return new Promise((resolve, reject) => {
    server.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
      const why = REASONS[code] ?? code;
      const advice = `choose another with --${name} ADDRESS:PORT`;
      reject(new StartError(code, `cannot listen on ${where} for ${name}: ${why}; ${advice}`));
    });
    server.listen({ host: address.host, port: address.port }, resolve);
  });
}

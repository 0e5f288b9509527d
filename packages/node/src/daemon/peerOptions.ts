import {
  checkPort,
  type Endpoint,
  formatEndpoint,
  InvalidArgumentError,
  type Profile,
  parseEndpoint,
  parseIPv4,
} from '@6bed4/codec';
import type { PeeringOptions, PeerOptions } from '@6bed4/tunnel';
import type { BindOptions } from './openDaemonDriver.js';
import type { CommonOptions } from './options.js';

const DEFAULT_KEEPALIVE_TTL = 3;

/** Options of `startPeer`. */
export interface PeerDaemonOptions extends CommonOptions {
  /** One or more routers to get addresses from, as `A.B.C.D` or `A.B.C.D:port`. */
  readonly routers: Endpoint | string | readonly (Endpoint | string)[];
  /** IPv4 address of this computer to use; default 0.0.0.0, which is all. */
  readonly listen?: string | undefined;
  /** UDP port; default 0, which lets the system choose. draft01 needs an even one. */
  readonly port?: number | undefined;
  /**
   * Keepalives to each router: `interval` in seconds (0 for none), `ttl` the IPv4 TTL (default 3;
   * 0 for the system's). Default: every 25 s, and more often where a NAT is seen to forget
   * sooner.
   */
  readonly keepalive?: { readonly interval: number; readonly ttl?: number } | undefined;
  /** The peer's own number under each prefix, 1..16383; default 1. */
  readonly lanip?: number | undefined;
  /** With a TUN: send all IPv6 that has no better route into the tunnel; default false. */
  readonly defaultRoute?: boolean | undefined;
  /**
   * With a TUN: IPv6 prefixes within which routes that routers offer may win over native routes. All
   * others are for packets that no native route matches, and for those from addresses of the tunnel.
   * Default none.
   */
  readonly acceptRoutes?: readonly string[] | undefined;
  /** The search for direct paths; default: as the dialect prescribes. */
  readonly peering?: PeeringOptions | undefined;
}

/**
 * The options of the machine of a peer.
 *
 * @throws InvalidArgumentError for routers that are none
 */
export function machineOptions(
  options: PeerDaemonOptions,
  profile: Profile,
): Omit<PeerOptions, 'profile' | 'random'> & { readonly routers: readonly Endpoint[] } {
  const { lanip, peering, allowPrivate, allowLoopback } = options;
  const routers = readRouters(options.routers, profile);
  const keepalive = options.keepalive && { ttl: DEFAULT_KEEPALIVE_TTL, ...options.keepalive };
  return { routers, keepalive, lanip, peering, allowPrivate, allowLoopback };
}

function readRouters(
  routers: Endpoint | string | readonly (Endpoint | string)[],
  profile: Profile,
): Endpoint[] {
  const list = Array.isArray(routers) ? routers : [routers];
  if (list.length === 0) throw new InvalidArgumentError('routers', 'none', 'at least one');
  return list.map((router: Endpoint | string) => {
    const text = typeof router === 'string' ? router : formatEndpoint(router);
    const endpoint = parseEndpoint(text, profile.port, 'routers');
    if (endpoint.port !== 0) return endpoint;
    throw new InvalidArgumentError('routers', text, 'a port from 1 to 65535');
  });
}

/** The UDP socket of a peer. @throws InvalidArgumentError */
export function bindOptions(options: PeerDaemonOptions, profile: Profile): BindOptions {
  const address = options.listen ?? '0.0.0.0';
  parseIPv4(address, 'listen');
  const port = checkPort('port', options.port ?? 0);
  if (port !== 0 && !profile.layout.acceptsPort(port)) {
    throw new InvalidArgumentError(
      'port',
      String(port),
      `a port that ${profile.layout.name} can express`,
    );
  }
  return { address, port, even: !profile.layout.acceptsPort(1) };
}

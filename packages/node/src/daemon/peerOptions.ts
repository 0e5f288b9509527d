import {
  checkPort,
  type Endpoint,
  InvalidArgumentError,
  type Profile,
  parseIPv4,
  parsePrefix,
} from '@6bed4/codec';
import { isToken } from '@6bed4/gateway';
import { Peer, type PeeringOptions, type PeerOptions } from '@6bed4/tunnel';
import { checkProxyUrl, type GatewayProxy } from '../drivers/gateway/connectProxy.js';
import { checkGatewayUrl, gatewaysOf } from '../drivers/gateway/gatewayUrl.js';
import type { RouteWishes } from '../drivers/ports/interfacePlan.js';
import { checkInterfaceName } from '../drivers/tun/tunDevice.js';
import { secureRandom } from '../random.js';
import type { BindOptions } from './openDaemonDriver.js';
import { type CommonOptions, chooseInbound, chooseProfile, NO_SINK } from './options.js';
import {
  checkReferences,
  EXPECTED_ROUTER,
  parseRouterReference,
  type ResolveIPv4,
  type RouterReference,
} from './routerNames.js';

const DEFAULT_KEEPALIVE_TTL = 3;
const UPLINKS: readonly UplinkName[] = ['auto', 'udp', 'wss'];

/** Ways to the Internet; see the option `uplink`. */
export type UplinkName = 'auto' | 'udp' | 'wss';

/** Options of `startPeer`. */
export interface PeerDaemonOptions extends CommonOptions {
  /**
   * One or more routers to get addresses from, in the order of preference, as `A.B.C.D`, `A.B.C.D:port`, or a
   * host name in place of the address. A name is looked up while the peer runs, again when its router falls
   * silent, and its addresses are tried one after the other: see the event `router-lookup`.
   */
  readonly routers: Endpoint | string | readonly (Endpoint | string)[];
  /**
   * Finds the IPv4 addresses of the host name of a router; rejects with a `code`, such as ENOTFOUND. Default: the
   * resolver of the system.
   */
  readonly resolve?: ResolveIPv4 | undefined;
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
  /**
   * The way to the Internet. `udp`: UDP alone. `wss`: a gateway alone, over a WebSocket. `auto`: UDP, and a gateway
   * while no router answers there. Default: `auto` with a `gateway`, otherwise `udp`. With `auto` and `wss`, the
   * portable driver carries the packets of an interface.
   */
  readonly uplink?: UplinkName | undefined;
  /**
   * The gateway, `wss://…`, or several, tried one after the other. Default: `wss://NAME/6bed4` for each router that is
   * given by its host name.
   */
  readonly gateway?: string | readonly string[] | undefined;
  /** The token that the gateway asks for, if it does. */
  readonly gatewayToken?: string | undefined;
  /**
   * The HTTP proxy on the way to the gateway, `http://[user:password@]HOST:PORT`, which has to allow the method CONNECT; or a
   * function that gives the proxy for the address of a gateway, null for none. Default: none, whatever the environment says.
   */
  readonly gatewayProxy?: string | GatewayProxy | undefined;
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
  // Those with a name are looked up later.
  const routers = readRouters(options.routers, profile).filter((one) => 'address' in one);
  const keepalive = options.keepalive && { ttl: DEFAULT_KEEPALIVE_TTL, ...options.keepalive };
  return { routers, keepalive, lanip, peering, allowPrivate, allowLoopback };
}

/**
 * The routers that the options name.
 *
 * @throws InvalidArgumentError for none, and for what is none
 */
export function readRouters(
  routers: PeerDaemonOptions['routers'],
  profile: Profile,
): RouterReference[] {
  if (routers === undefined || routers === null) {
    throw new InvalidArgumentError('routers', String(routers), EXPECTED_ROUTER);
  }
  const list = Array.isArray(routers) ? routers : [routers];
  if (list.length === 0) throw new InvalidArgumentError('routers', 'none', 'at least one');
  return list.map((router: Endpoint | string) => parseRouterReference(router, profile.port));
}

/** The gateways to use, if any. */
export interface GatewayChoice {
  /** Whether UDP is used, too. */
  readonly usesUdp: boolean;
  readonly urls: readonly string[];
  readonly token: string | undefined;
  readonly proxyOf: GatewayProxy;
}

/** The gateways that the options name; null for none. @throws InvalidArgumentError */
export function chooseGateway(options: PeerDaemonOptions, profile: Profile): GatewayChoice | null {
  const { gateway, gatewayToken: token, uplink = gateway === undefined ? 'udp' : 'auto' } = options;
  if (!UPLINKS.includes(uplink)) {
    throw new InvalidArgumentError(
      'uplink',
      JSON.stringify(uplink),
      `one of ${UPLINKS.join(', ')}`,
    );
  }
  if (token !== undefined && !isToken(token)) {
    throw new InvalidArgumentError(
      'gatewayToken',
      'another text',
      '1 to 256 letters, digits and _.~+-',
    );
  }
  const given = gateway === undefined ? gatewaysOf(readRouters(options.routers, profile)) : gateway;
  const urls = [given].flat().map(checkGatewayUrl);
  const { gatewayProxy: proxy = null } = options;
  if (typeof proxy === 'string') checkProxyUrl(proxy);
  const proxyOf = typeof proxy === 'function' ? proxy : () => proxy;
  if (uplink === 'udp') return null;
  if (urls.length > 0) return { usesUdp: uplink === 'auto', urls, token, proxyOf };
  throw new InvalidArgumentError('gateway', 'none', 'wss://…, or a router with a host name');
}

/** The routes that the user wants of routers. @throws InvalidArgumentError */
export function readWishes({
  defaultRoute = false,
  acceptRoutes = [],
}: Pick<PeerDaemonOptions, 'defaultRoute' | 'acceptRoutes'>): RouteWishes {
  const accepted = acceptRoutes.map((prefix) => parsePrefix(prefix, 'acceptRoutes'));
  return { defaultRoute, acceptRoutes: accepted };
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

/**
 * Checks the options of `startPeer` without starting one.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 */
export function checkPeerOptions(options: PeerDaemonOptions): void {
  const profile = chooseProfile(options);
  chooseInbound(options);
  readWishes(options);
  chooseGateway(options, profile);
  checkReferences(readRouters(options.routers, profile));
  bindOptions(options, profile);
  if (typeof options.tun === 'string') checkInterfaceName(options.tun);
  new Peer({ ...machineOptions(options, profile), profile, random: secureRandom }, NO_SINK);
}

import {
  type AddressLayout,
  checkInteger,
  type Dialect,
  type Endpoint,
  formatEndpoint,
  HIGHEST_TTL,
  InvalidArgumentError,
  type Profile,
  parseEndpoint,
  reference2020,
  type UdpEndpoint,
} from '@6bed4/codec';
import { EndpointPolicy } from '../address/endpointPolicy.js';
import { KEEPALIVE_STEPS } from '../defaults.js';
import type { Discovery } from '../discovery/discovery.js';
import { discoveryOf } from '../discovery/discoveryOf.js';
import { type ChosenPeering, choosePeering, type PeeringOptions } from '../peering/options.js';

/** Options of a `Peer`. */
export interface PeerOptions {
  /**
   * The routers to get addresses from, 16 at most; text is `A.B.C.D` or `A.B.C.D:port`, the default
   * port being the profile's. May be empty: see `Peer.addRouter`.
   */
  readonly routers: readonly (Endpoint | string)[];
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile | undefined;
  /**
   * Keepalives to each router: `interval` in seconds (0 = none), `ttl` the IPv4 TTL 1..255 (0 = the
   * system's default). Default 25 s with TTL 3, which passes the local NATs and expires on the way; where a
   * NAT is seen to forget, 15 s and then 9 s, at last with the system's TTL, and back after hours.
   */
  readonly keepalive?: { readonly interval: number; readonly ttl: number } | undefined;
  /** Number of the peer's own address under each prefix: 1..16383 in draft03; default 1. */
  readonly lanip?: number | undefined;
  /** Accept direct frames from private IPv4 space; default true. */
  readonly allowPrivate?: boolean | undefined;
  /** Accept direct frames from 127.0.0.0/8; default: only when a router is there. */
  readonly allowLoopback?: boolean | undefined;
  /** The search for direct paths; default: as the dialect prescribes. */
  readonly peering?: PeeringOptions | undefined;
  /** Random numbers in [0, 1) that attackers cannot predict: they protect hash tables and nonces. */
  readonly random: () => number;
}

/** The options of one peer, checked and with their defaults. */
export interface PeerSettings {
  readonly profile: Profile;
  readonly discovery: Discovery;
  /** Steps of `KeepalivePace`; one where options say it. */
  readonly keepalives: typeof KEEPALIVE_STEPS;
  readonly lanip: number;
  readonly peering: ChosenPeering;
  readonly allowPrivate: boolean;
  /** Undefined for: only when a router is there. */
  readonly allowLoopback: boolean | undefined;
  readonly avoidsTrapezium: boolean;
  /** The meaning of traffic classes, where the strategy may be that of another dialect. */
  readonly trafficClass: Dialect['trafficClass'];
  readonly random: () => number;
}

/** @throws InvalidArgumentError naming the option that cannot be used */
export function checkOptions(options: PeerOptions): PeerSettings {
  const profile = options.profile ?? reference2020;
  const { layout } = profile;
  const peering = options.peering ?? {};
  const chosen = choosePeering(profile, peering);
  return {
    profile,
    discovery: discoveryOf(profile.dialect),
    keepalives: options.keepalive ? [checkKeepalive(options.keepalive)] : KEEPALIVE_STEPS,
    lanip: checkLanip(options.lanip ?? 1, layout),
    peering: chosen,
    allowPrivate: options.allowPrivate ?? true,
    allowLoopback: options.allowLoopback,
    avoidsTrapezium: (peering.avoidTrapezium ?? true) && profile.dialect.avoidsTrapezium,
    trafficClass: chosen.name === 'probe-and-seen' ? 'peering' : profile.dialect.trafficClass,
    random: options.random,
  };
}

function checkKeepalive(keepalive: { readonly interval: number; readonly ttl: number }): {
  readonly interval: number;
  readonly ttl: number;
} {
  const { interval, ttl } = keepalive;
  if (!Number.isFinite(interval) || interval < 0) {
    throw new InvalidArgumentError('keepalive.interval', String(interval), 'seconds, 0 or more');
  }
  checkInteger('keepalive.ttl', ttl, 0, HIGHEST_TTL);
  return { interval, ttl };
}

function checkLanip(lanip: number, { hasLanip, maxLanip }: AddressLayout): number {
  return hasLanip ? checkInteger('lanip', lanip, 1, maxLanip) : lanip;
}

/**
 * The endpoint of a router as users name it.
 *
 * @throws InvalidArgumentError when that is not an endpoint
 */
export function parseRouter(router: Endpoint | string, defaultPort: number): Endpoint {
  if (typeof router === 'string') return parseEndpoint(router, defaultPort, 'routers');
  return parseEndpoint(formatEndpoint(router), undefined, 'routers');
}

/** @throws InvalidArgumentError when no router can be at this endpoint */
export function checkRouter(endpoint: Readonly<UdpEndpoint>, text: string): void {
  const everywhere = new EndpointPolicy({ allowLoopback: true, allowPrivate: true });
  if (!everywhere.accepts(endpoint)) {
    throw new InvalidArgumentError('routers', text, 'an endpoint that a router can be at');
  }
}

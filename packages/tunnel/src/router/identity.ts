import {
  type AddressLayout,
  completePrefix,
  type Endpoint,
  formatIPv6,
  InvalidArgumentError,
  is6bed4Prefixed,
  type Prefix,
  type Profile,
  parseIPv4,
  parsePrefix,
  reference2020,
  sameIPv6Address,
  UdpEndpoint,
} from '@6bed4/codec';
import { EndpointPolicy } from '../address/endpointPolicy.js';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import { MAX_ROUTES } from '../defaults.js';
import type { Discovery } from '../discovery/discovery.js';
import { discoveryOf } from '../discovery/discoveryOf.js';
import { ROUTER_LANIP } from '../specification.js';
import type { RouterOptions } from './routerOptions.js';

const IDENTIFIER_OFFSET = 8;

/** 2000::/3, the global unicast addresses that were allocated (RFC 4291 §2.4). */
const GLOBAL_UNICAST = '2000::/3';

/** Everything a router knows about itself; fixed when it is made. */
export interface RouterIdentity {
  readonly profile: Profile;
  readonly layout: AddressLayout;
  readonly discovery: Discovery;
  /** The endpoints that it relays to and from. */
  readonly policy: EndpointPolicy;
  /** The endpoints that it answers: private ones too (draft-03 §10.1). */
  readonly answered: EndpointPolicy;
  /** The /64 that this router serves. */
  readonly subnetPrefix: SubnetPrefix;
  /** The /64 with zeroes, the subnet-router anycast address (RFC 4291 §2.6.1); 16 bytes. */
  readonly subnetAnycast: Uint8Array;
  /** Its own IPv6 address: its own endpoint under its own /64, lanip 0; 16 bytes. */
  readonly ownAddress: Uint8Array;
  /** Its endpoint, in numbers and as text. */
  readonly self: Readonly<UdpEndpoint>;
  readonly endpoint: Endpoint;
  /** Prefixes offered to peers as routes. */
  readonly routes: readonly Prefix[];
  /** Prefixes that peers may reach on the IPv6 side. */
  readonly forwardTo: readonly Prefix[];
  /** Whether it exchanges packets with peers of other routers: trapezium routing (draft-04 §5.1). */
  readonly joinsTrapezium: boolean;
  /** Whether there is anything behind this router. */
  readonly ipv6Side: boolean;
  /**
   * Whether its host may have the addresses under the /64 whose port is 0: a native /64 is the host's, too. Not in
   * draft01, where all identifiers are made as from those of Ethernet.
   */
  readonly leavesPortZero: boolean;
  /**
   * Its own addresses besides `ownAddress`: link-local forms and, in draft01, its /64 with zeroes.
   */
  readonly aliases: readonly Uint8Array[];
}

/**
 * Completes a router's options (draft-04 §3.3).
 *
 * @throws InvalidArgumentError naming the option that cannot be used
 */
export function identify(options: RouterOptions): RouterIdentity {
  const profile = options.profile ?? reference2020;
  const { layout } = profile;
  const address = parseIPv4(options.address, 'address');
  const port = options.port ?? profile.port;
  const netid = options.netid ?? profile.defaultNetid;
  const prefix =
    options.prefix === undefined ? profile.defaultPrefix : parsePrefix(options.prefix, 'prefix');
  const subnetPrefix = new SubnetPrefix(completePrefix(prefix, { netid, router: address }).bytes);
  const routes = (options.routes ?? []).map((route) => parsePrefix(route, 'routes'));
  // Beyond its routes, draft-04 §5.1 rejects everything; draft-01 §5.2 and draft-03 §10.1 forward it.
  const { trapeziumNeeds6bed4 } = profile.dialect;
  const forwardTo = options.forwardTo ?? (trapeziumNeeds6bed4 ? [] : [GLOBAL_UNICAST]);
  if (routes.length > MAX_ROUTES) {
    throw new InvalidArgumentError('routes', String(routes.length), `${MAX_ROUTES} at most`);
  }
  const subnetAnycast = subnetPrefix.toBytes();
  const ownAddress = subnetPrefix.toBytes();
  // Refuses a port that the layout cannot express.
  layout.writeEndpoint(ownAddress, 0, address, port, ROUTER_LANIP);
  const ipv6Side = options.ipv6Side ?? true;
  const is6bed4 = is6bed4Prefixed(profile, ownAddress, 0);
  return {
    profile,
    layout,
    discovery: discoveryOf(profile.dialect),
    policy: EndpointPolicy.deduceFrom(address, options),
    answered: EndpointPolicy.deduceFrom(address, { ...options, allowPrivate: true }),
    subnetPrefix,
    subnetAnycast,
    ownAddress,
    self: new UdpEndpoint(address, port),
    endpoint: { address: options.address, port },
    routes,
    forwardTo: [...forwardTo.map((forwarded) => parsePrefix(forwarded, 'forwardTo')), ...routes],
    joinsTrapezium: !trapeziumNeeds6bed4 || is6bed4,
    ipv6Side,
    leavesPortZero: ipv6Side && !is6bed4 && layout.hasLanip,
    aliases: aliasesOf(layout, subnetAnycast, ownAddress, address, port),
  };
}

function aliasesOf(
  layout: AddressLayout,
  subnetAnycast: Uint8Array,
  ownAddress: Uint8Array,
  address: number,
  port: number,
): Uint8Array[] {
  const linkLocal = new Uint8Array(16);
  layout.writeLinkLocal(linkLocal, 0, address, port);
  const linkLocalLikeGlobal = ownAddress.slice();
  linkLocalLikeGlobal.set(ROUTER_LINK_LOCAL.subarray(0, IDENTIFIER_OFFSET));
  const aliases = [ROUTER_LINK_LOCAL, linkLocal, linkLocalLikeGlobal];
  // Where no lanip identifies the router, the all-zero identifier does.
  if (!layout.hasLanip) aliases.push(subnetAnycast);
  return aliases;
}

/**
 * Whether the router answers solicitations of an address: any of its own endpoint, and the one with lanip 0
 * of the sender's own prefix, which is the router's on that link (RFC 4291 §2.6.1, draft-04 §5.2). Where
 * no lanip exists, only the addresses of draft-01 §5.6.
 *
 * @param target - 16 bytes
 */
export function isSolicitedAddress(
  identity: RouterIdentity,
  target: Uint8Array,
  from: Readonly<UdpEndpoint>,
): boolean {
  const { layout, ownAddress, self, subnetPrefix } = identity;
  const addresses = [ownAddress, ...identity.aliases];
  if (addresses.some((address) => sameIPv6Address(address, 0, target, 0))) return true;
  if (!layout.hasLanip || !subnetPrefix.contains(target, 0)) return false;
  const isOfSender = layout.matchesEndpoint(target, 0, from);
  return isOfSender
    ? layout.readLanip(target, 0) === ROUTER_LANIP
    : layout.matchesEndpoint(target, 0, self);
}

/**
 * Whether an address that the router answers for is its own alone. The others are anycast: every router
 * is at `fe80::`, and at lanip 0 of its peers.
 *
 * @param target - 16 bytes
 */
export function isOwnEndpoint({ layout, self }: RouterIdentity, target: Uint8Array): boolean {
  return layout.matchesEndpoint(target, 0, self) || isLinkLocalOf(layout, target, 0, self);
}

/** Whether the IPv6 address at `offset`, under our /64, is one that is left to the router's host: its port is 0. */
export function isHostAddress(
  { layout, leavesPortZero }: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
): boolean {
  return leavesPortZero && !layout.isOpaque(bytes, offset) && layout.readPort(bytes, offset) === 0;
}

/** The router's IPv6 address as text. */
export function ownAddressText(identity: RouterIdentity): string {
  return formatIPv6(identity.ownAddress);
}

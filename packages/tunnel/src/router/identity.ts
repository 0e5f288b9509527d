import {
  type AddressLayout,
  checkInteger,
  checkPort,
  completePrefix,
  type Endpoint,
  formatIPv6,
  formatPrefix,
  HIGHEST_NETID,
  InvalidArgumentError,
  type Prefix,
  type Profile,
  parseIPv4,
  parsePrefix,
  reference2020,
  sameIPv6Address,
  UdpEndpoint,
} from '@6bed4/codec';
import { EndpointPolicy } from '../address/endpointPolicy.js';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import { MAX_ROUTES } from '../defaults.js';
import type { Discovery } from '../discovery/discovery.js';
import { discoveryOf } from '../discovery/discoveryOf.js';
import { ROUTER_LANIP, SUBNET_PREFIX_LENGTH } from '../specification.js';
import type { RouterOptions } from './routerOptions.js';

const IDENTIFIER_OFFSET = 8;

/** Everything a router knows about itself; fixed when it is made. */
export interface RouterIdentity {
  readonly profile: Profile;
  readonly layout: AddressLayout;
  readonly discovery: Discovery;
  readonly policy: EndpointPolicy;
  /** The /64 that this router serves. */
  readonly subnetPrefix: SubnetPrefix;
  /** Its own IPv6 address: its own endpoint under its own /64, lanip 0; 16 bytes. */
  readonly ownAddress: Uint8Array;
  /** Its endpoint, in numbers and as text. */
  readonly self: Readonly<UdpEndpoint>;
  readonly endpoint: Endpoint;
  /** Prefixes offered to peers as routes. */
  readonly routes: readonly Prefix[];
  /** Whether there is anything behind this router. */
  readonly ipv6Side: boolean;
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
  const port = checkPort('port', options.port ?? profile.port, 1);
  if (!layout.acceptsPort(port)) {
    throw new InvalidArgumentError('port', String(port), `a port that ${layout.name} can express`);
  }
  const netid = checkInteger('netid', options.netid ?? profile.defaultNetid, 0, HIGHEST_NETID);
  const prefix =
    options.prefix === undefined ? profile.defaultPrefix : parsePrefix(options.prefix, 'prefix');
  const completed = completePrefix(prefix, { netid, router: address });
  if (completed.length !== SUBNET_PREFIX_LENGTH) {
    throw new InvalidArgumentError(
      'prefix',
      formatPrefix(prefix),
      'a prefix that completes to /64',
    );
  }
  const routes = (options.routes ?? []).map((route) => parsePrefix(route, 'routes'));
  if (routes.length > MAX_ROUTES) {
    throw new InvalidArgumentError('routes', String(routes.length), `${MAX_ROUTES} at most`);
  }
  const subnetPrefix = new SubnetPrefix(completed.bytes);
  const ownAddress = subnetPrefix.toBytes();
  layout.writeEndpoint(ownAddress, 0, address, port, ROUTER_LANIP);
  return {
    profile,
    layout,
    discovery: discoveryOf(profile.dialect),
    policy: EndpointPolicy.deduceFrom(address, options),
    subnetPrefix,
    ownAddress,
    self: new UdpEndpoint(address, port),
    endpoint: { address: options.address, port },
    routes,
    ipv6Side: options.ipv6Side ?? true,
    aliases: aliasesOf(layout, subnetPrefix, ownAddress, address, port),
  };
}

function aliasesOf(
  layout: AddressLayout,
  subnetPrefix: SubnetPrefix,
  ownAddress: Uint8Array,
  address: number,
  port: number,
): Uint8Array[] {
  const linkLocal = new Uint8Array(16);
  layout.writeLinkLocal(linkLocal, 0, address, port);
  const linkLocalLikeGlobal = ownAddress.slice();
  linkLocalLikeGlobal.fill(0, 0, IDENTIFIER_OFFSET).set([0xfe, 0x80]);
  const aliases = [ROUTER_LINK_LOCAL, linkLocal, linkLocalLikeGlobal];
  // Where no lanip identifies the router, the all-zero identifier does (RFC 4291 §2.6.1).
  if (!layout.hasLanip) aliases.push(subnetPrefix.toBytes());
  return aliases;
}

/** Whether the IPv6 address at `offset` is one of the router's own. */
export function isOwnAddress(identity: RouterIdentity, bytes: Uint8Array, offset: number): boolean {
  return (
    sameIPv6Address(identity.ownAddress, 0, bytes, offset) ||
    identity.aliases.some((alias) => sameIPv6Address(alias, 0, bytes, offset))
  );
}

/** The router's IPv6 address as text. */
export function ownAddressText(identity: RouterIdentity): string {
  return formatIPv6(identity.ownAddress);
}

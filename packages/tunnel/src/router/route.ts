import {
  is6bed4Prefixed,
  isIPv6Routable,
  prefixContains,
  readInt32,
  readRouterAddress,
  sameIPv6Address,
  UdpEndpoint,
} from '@6bed4/codec';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { ROUTER_LANIP } from '../specification.js';
import { isHostAddress, type RouterIdentity } from './identity.js';

/** The ways of a packet through a router. */
export const Route = {
  /** Nowhere: {@link RouteTarget.drop} says why. */
  drop: 0,
  /** To a UDP/IPv4 endpoint: a peer of ours, or the router of a peer. */
  tunnel: 1,
  /** To the IPv6 side. */
  ipv6Side: 2,
  /** To one of the router's own addresses. */
  self: 3,
} as const;

/** One of the numbers in {@link Route}. */
export type RouteCode = (typeof Route)[keyof typeof Route];

/**
 * The details of a decision: for {@link Route.tunnel} the endpoint. Written over for every packet, so
 * that none is allocated.
 */
export class RouteTarget extends UdpEndpoint {
  /** For {@link Route.drop}: why. */
  drop: DropCode = Drop.none;
}

function dropped(target: RouteTarget, reason: DropCode): RouteCode {
  target.drop = reason;
  return Route.drop;
}

function toEndpoint(identity: RouterIdentity, target: RouteTarget): RouteCode {
  return identity.policy.accepts(target)
    ? Route.tunnel
    : dropped(target, Drop.destinationEndpointRefused);
}

/** A route, unless it leads back to where the packet came from. */
function unlessBack(route: RouteCode, from: Readonly<UdpEndpoint>, target: RouteTarget): RouteCode {
  const isBack = target.addressBits === from.addressBits && target.port === from.port;
  return route === Route.tunnel && isBack ? dropped(target, Drop.loop) : route;
}

/**
 * The one place that decides where a packet from a peer or another router goes (draft-03 §10.1,
 * draft-04 §5.2). Its source has passed the filter.
 *
 * @param from - where it came from
 */
export function routeFromTunnel(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  from: Readonly<UdpEndpoint>,
  target: RouteTarget,
): RouteCode {
  const destination = offset + DESTINATION_OFFSET;
  if (identity.subnetPrefix.contains(bytes, destination)) {
    const route = toOwnSubnet(identity, bytes, destination, target);
    if (route === Route.drop && isForHost(identity, bytes, offset)) return Route.ipv6Side;
    return unlessBack(route, from, target);
  }
  return toElsewhere(identity, bytes, offset, from, target);
}

/**
 * Whether a packet is from a peer of ours to an address of the router's host: under a native /64, port 0 is
 * left to it, since no peer can have that.
 */
function isForHost(identity: RouterIdentity, bytes: Uint8Array, offset: number): boolean {
  return (
    isHostAddress(identity, bytes, offset + DESTINATION_OFFSET) &&
    identity.subnetPrefix.contains(bytes, offset + SOURCE_OFFSET)
  );
}

/** A destination that is not under our /64: of another router, or of the IPv6 side. */
function toElsewhere(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  from: Readonly<UdpEndpoint>,
  target: RouteTarget,
): RouteCode {
  const destination = offset + DESTINATION_OFFSET;
  // Only a peer of ours may go on from here: other routers relay to us for our peers alone.
  if (!identity.subnetPrefix.contains(bytes, offset + SOURCE_OFFSET)) {
    return dropped(target, Drop.destinationNotOurs);
  }
  if (identity.joinsTrapezium && is6bed4Prefixed(identity.profile, bytes, destination)) {
    return unlessBack(toOtherRouter(identity, bytes, destination, target), from, target);
  }
  if (!isIPv6Routable(bytes, destination)) return dropped(target, Drop.destinationNotAllowed);
  return identity.ipv6Side && isForwarded(identity, bytes, destination, target)
    ? Route.ipv6Side
    : dropped(target, Drop.noRoute);
}

/** The first byte of unique local and site-local addresses, fc00::/7 and fec0::/10, and of none below. */
const LOWEST_INTERNAL_BYTE = 0xfc;
/** The shortest prefix that names such addresses and no global ones. */
const SHORTEST_INTERNAL_PREFIX = 7;

/** Whether peers may reach a destination on the IPv6 side; see `RouterOptions.forwardTo`. */
function isForwarded(
  { forwardTo, policy }: RouterIdentity,
  bytes: Uint8Array,
  destination: number,
  scratch: RouteTarget,
): boolean {
  const isInternal = bytes[destination]! >= LOWEST_INTERNAL_BYTE;
  for (let index = 0; index < forwardTo.length; index++) {
    const prefix = forwardTo[index]!;
    if (
      (!isInternal || prefix.length >= SHORTEST_INTERNAL_PREFIX) &&
      prefixContains(prefix, bytes, destination)
    ) {
      return !readEmbeddedIPv4(bytes, destination, scratch) || policy.accepts(scratch);
    }
  }
  return false;
}

/** Where the IPv4 address stands in an address of 6to4 (RFC 3056 §2) and of NAT64 (RFC 6052 §2.2). */
const SIX_TO_FOUR_IPV4 = 2;
const NAT64_IPV4 = 12;

/** Reads the IPv4 address that a packet to a 6to4 or NAT64 address comes to in the end, if it is one. */
function readEmbeddedIPv4(bytes: Uint8Array, address: number, into: UdpEndpoint): boolean {
  const first = readInt32(bytes, address);
  into.port = 1;
  if (first >>> 16 === 0x2002) {
    into.address = readInt32(bytes, address + SIX_TO_FOUR_IPV4);
    return true;
  }
  into.address = readInt32(bytes, address + NAT64_IPV4);
  return (
    first === 0x0064_ff9b &&
    readInt32(bytes, address + 4) === 0 &&
    readInt32(bytes, address + 8) === 0
  );
}

/** A destination under our /64: one of our own addresses, or a peer's endpoint (draft-04 §5.1). */
function toOwnSubnet(
  identity: RouterIdentity,
  bytes: Uint8Array,
  destination: number,
  target: RouteTarget,
): RouteCode {
  const { layout } = identity;
  if (layout.matchesEndpoint(bytes, destination, identity.self)) {
    return Route.self;
  }
  if (layout.isOpaque(bytes, destination)) return notEndpoint(identity, bytes, destination, target);
  layout.readEndpoint(bytes, destination, target);
  if (target.addressBits === 0 || target.port === 0)
    return notEndpoint(identity, bytes, destination, target);
  if (layout.hasLanip && layout.readLanip(bytes, destination) === ROUTER_LANIP) {
    // "Any bottom half with lanid 0 is considered to terminate at the router" (draft-04 §5.2).
    return Route.self;
  }
  return toEndpoint(identity, target);
}

function notEndpoint(
  identity: RouterIdentity,
  bytes: Uint8Array,
  destination: number,
  target: RouteTarget,
): RouteCode {
  // Ours where no lanip exists; elsewhere it encodes nothing.
  return !identity.layout.hasLanip && sameIPv6Address(bytes, destination, identity.subnetAnycast, 0)
    ? Route.self
    : dropped(target, Drop.destinationNotEndpoint);
}

/** First stage of trapezium routing: to the router that the top half names (draft-04 §5.1). */
function toOtherRouter(
  identity: RouterIdentity,
  bytes: Uint8Array,
  destination: number,
  target: RouteTarget,
): RouteCode {
  const { layout, profile } = identity;
  // An opaque lower half is the other router's to interpret (draft-03 §3.2).
  if (
    !layout.isOpaque(bytes, destination) &&
    (layout.readAddress(bytes, destination) === 0 || layout.readPort(bytes, destination) === 0)
  ) {
    return dropped(target, Drop.destinationNotEndpoint);
  }
  target.address = readRouterAddress(bytes, destination);
  target.port = profile.port;
  if (target.addressBits === identity.self.addressBits) return dropped(target, Drop.loop);
  return toEndpoint(identity, target);
}

/**
 * The one place that decides where a packet from the IPv6 side goes: to peers under our /64 (draft-04
 * §5.1, return traffic), and to those of other routers what our own host sends under its 6bed4 address,
 * or anybody where the dialect says so (draft-03 §10.1). Its source has passed the filter.
 */
export function routeFromIPv6Side(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  target: RouteTarget,
): RouteCode {
  const destination = offset + DESTINATION_OFFSET;
  if (!identity.subnetPrefix.contains(bytes, destination)) {
    if (
      identity.joinsTrapezium &&
      (!identity.profile.dialect.returnsToOwnSubnetOnly ||
        identity.subnetPrefix.contains(bytes, offset + SOURCE_OFFSET)) &&
      is6bed4Prefixed(identity.profile, bytes, destination)
    ) {
      return toOtherRouter(identity, bytes, destination, target);
    }
    return dropped(
      target,
      isIPv6Routable(bytes, destination) ? Drop.destinationNotOurs : Drop.destinationNotAllowed,
    );
  }
  const route = toOwnSubnet(identity, bytes, destination, target);
  // What the host behind us has not taken for itself would come back to it.
  return route === Route.self ? dropped(target, Drop.loop) : route;
}

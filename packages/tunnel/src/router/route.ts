import { is6bed4Prefixed, isIPv6Routable, readRouterAddress, UdpEndpoint } from '@6bed4/codec';
import { DESTINATION_OFFSET } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { ROUTER_LANIP } from '../specification.js';
import type { RouterIdentity } from './identity.js';

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
  const { addressBits, port } = target;
  const { self } = identity;
  // Our own endpoint encoded by anything but our own address: we would be sending to ourselves.
  if (addressBits === self.addressBits && port === self.port) return dropped(target, Drop.loop);
  if (!identity.policy.accepts(target)) {
    return dropped(target, Drop.destinationEndpointRefused);
  }
  return Route.tunnel;
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
    const isBack = target.addressBits === from.addressBits && target.port === from.port;
    return route === Route.tunnel && isBack ? dropped(target, Drop.loop) : route;
  }
  // Only a peer of ours may go on from here: other routers relay to us for our peers alone.
  if (!identity.subnetPrefix.contains(bytes, offset + DESTINATION_OFFSET - 16)) {
    return dropped(target, Drop.destinationNotOurs);
  }
  if (is6bed4Prefixed(identity.profile, bytes, destination)) {
    return toOtherRouter(identity, bytes, destination, target);
  }
  if (!isIPv6Routable(bytes, destination)) return dropped(target, Drop.destinationNotAllowed);
  if (!identity.ipv6Side) return dropped(target, Drop.noRoute);
  return Route.ipv6Side;
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
  // The subnet-router anycast address (RFC 4291 §2.6.1) is ours where no lanip exists.
  if (!identity.layout.hasLanip) {
    let index = 8;
    while (index < 16 && bytes[destination + index] === 0) index++;
    if (index === 16) {
      return Route.self;
    }
  }
  return dropped(target, Drop.destinationNotEndpoint);
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
 * The one place that decides where a packet from the IPv6 side goes: to peers under our /64, nowhere
 * else (draft-04 §5.1, return traffic).
 */
export function routeFromIPv6Side(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  target: RouteTarget,
): RouteCode {
  const destination = offset + DESTINATION_OFFSET;
  if (!identity.subnetPrefix.contains(bytes, destination)) {
    return dropped(
      target,
      isIPv6Routable(bytes, destination) ? Drop.destinationNotOurs : Drop.destinationNotAllowed,
    );
  }
  const route = toOwnSubnet(identity, bytes, destination, target);
  // What the host behind us has not taken for itself would come back to it.
  return route === Route.self ? dropped(target, Drop.loop) : route;
}

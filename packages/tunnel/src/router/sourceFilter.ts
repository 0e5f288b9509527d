import { is6bed4Prefixed, isIPv6Routable, readRouterAddress, type UdpEndpoint } from '@6bed4/codec';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { isHostAddress, type RouterIdentity } from './identity.js';

/**
 * Checks the sender of packets over UDP (draft-03 §6, draft-04 §5.1): a peer under our /64 whose
 * address encodes the very endpoint that the datagram came from; another router that relays for a
 * peer of its own (second stage of trapezium routing), speaking from the well-known port; or, to some
 * destinations, the peer of another router itself.
 */
export function refuseTunnelSource(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  from: Readonly<UdpEndpoint>,
): DropCode {
  const source = offset + SOURCE_OFFSET;
  if (identity.subnetPrefix.contains(bytes, source)) {
    return identity.layout.matchesEndpoint(bytes, source, from) ? Drop.none : Drop.sourceMismatch;
  }
  return refuseForeignSource(identity, bytes, offset, from);
}

/** A source under another prefix than ours; a function of its own, so that the one above stays short. */
function refuseForeignSource(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
  from: Readonly<UdpEndpoint>,
): DropCode {
  const source = offset + SOURCE_OFFSET;
  return isRelayed(identity, bytes, source, from) ||
    (isForeignPeer(identity, bytes, source, from) &&
      isOpenToForeignPeers(identity, bytes, offset + DESTINATION_OFFSET))
    ? Drop.none
    : Drop.sourceNotAllowed;
}

/** Whether a packet comes from the router that its source names, which has seen to the lower half. */
function isRelayed(
  identity: RouterIdentity,
  bytes: Uint8Array,
  source: number,
  from: Readonly<UdpEndpoint>,
): boolean {
  return (
    identity.joinsTrapezium &&
    from.port === identity.profile.port &&
    is6bed4Prefixed(identity.profile, bytes, source) &&
    readRouterAddress(bytes, source) === from.address &&
    // Nobody else has our endpoint, under whatever prefix.
    !identity.layout.matchesEndpoint(bytes, source, identity.self)
  );
}

/**
 * Whether the IPv6 source at `source` is that of a peer of another router, at the endpoint that the datagram
 * came from. One that names us under a prefix that is not ours is out of date.
 */
export function isForeignPeer(
  identity: RouterIdentity,
  bytes: Uint8Array,
  source: number,
  from: Readonly<UdpEndpoint>,
): boolean {
  return (
    identity.joinsTrapezium &&
    is6bed4Prefixed(identity.profile, bytes, source) &&
    identity.layout.matchesEndpoint(bytes, source, from) &&
    readRouterAddress(bytes, source) !== identity.self.address
  );
}

/**
 * Whether peers of other routers may send to a destination without their own router between: to our own
 * endpoint, like to any other node's (draft-03 §8.4, draft-04 §4.2), and where the dialect says so to
 * our peers (draft-03 §6).
 */
function isOpenToForeignPeers(
  { layout, profile, self, subnetPrefix }: RouterIdentity,
  bytes: Uint8Array,
  destination: number,
): boolean {
  return (
    subnetPrefix.contains(bytes, destination) &&
    (profile.dialect.acceptsForeignPrefix || layout.matchesEndpoint(bytes, destination, self))
  );
}

/**
 * Whether a source that was refused is answered with the right one: under our /64 always, under another where
 * the dialect says so (draft-03 §10.1). Then it must be one that we could have given, and no other
 * router may be the sender: its peers would be told to become ours.
 */
export function isCorrected(
  { layout, profile }: RouterIdentity,
  refused: DropCode,
  bytes: Uint8Array,
  offset: number,
  from: Readonly<UdpEndpoint>,
): boolean {
  if (refused === Drop.sourceMismatch) return true;
  const source = offset + SOURCE_OFFSET;
  return (
    profile.dialect.correctsPrefix &&
    from.port !== profile.port &&
    isIPv6Routable(bytes, source) &&
    !layout.isOpaque(bytes, source)
  );
}

/**
 * Checks the source of packets from the IPv6 side (draft-04 §2.1: a 6bed4 address is never behind a
 * router): native nodes, and our own host under addresses of our own endpoint, or those of port 0 that
 * a native /64 leaves to it.
 */
export function refuseNativeSource(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
): DropCode {
  const source = offset + SOURCE_OFFSET;
  if (identity.subnetPrefix.contains(bytes, source)) {
    const isOwn = identity.layout.matchesEndpoint(bytes, source, identity.self);
    return isOwn || isHostAddress(identity, bytes, source) ? Drop.none : Drop.sourceNotAllowed;
  }
  if (is6bed4Prefixed(identity.profile, bytes, source)) return Drop.sourceNotAllowed;
  return isIPv6Routable(bytes, source) ? Drop.none : Drop.sourceNotAllowed;
}

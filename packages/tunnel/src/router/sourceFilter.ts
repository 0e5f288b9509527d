import { is6bed4Prefixed, isIPv6Routable, readRouterAddress, type UdpEndpoint } from '@6bed4/codec';
import { SOURCE_OFFSET } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import type { RouterIdentity } from './identity.js';

/**
 * Checks the sender of packets over UDP (draft-03 §6, draft-04 §5.1): a peer under our /64 whose
 * address encodes the very endpoint that the datagram came from, or another router that relays for a
 * peer of its own (second stage of trapezium routing), speaking from the well-known port.
 *
 * `Drop.sourceMismatch` is the one refusal that deserves a corrective advertisement.
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
  return from.port === identity.profile.port &&
    is6bed4Prefixed(identity.profile, bytes, source) &&
    readRouterAddress(bytes, source) === from.address
    ? Drop.none
    : Drop.sourceNotAllowed;
}

/**
 * Checks the source of packets from the IPv6 side (draft-04 §2.1: a 6bed4 address is never behind a
 * router): native nodes, and our own host under our own address.
 */
export function refuseNativeSource(
  identity: RouterIdentity,
  bytes: Uint8Array,
  offset: number,
): DropCode {
  const source = offset + SOURCE_OFFSET;
  if (identity.subnetPrefix.contains(bytes, source)) {
    return identity.layout.matchesEndpoint(bytes, source, identity.self)
      ? Drop.none
      : Drop.sourceNotAllowed;
  }
  if (is6bed4Prefixed(identity.profile, bytes, source)) return Drop.sourceNotAllowed;
  return isIPv6Routable(bytes, source) ? Drop.none : Drop.sourceNotAllowed;
}

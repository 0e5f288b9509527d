import { is6bed4Prefixed, type Profile, type UdpEndpoint } from '@6bed4/codec';
import type { EndpointPolicy } from '../address/endpointPolicy.js';
import { isRoutable } from '../address/scope.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { Uplink } from './uplink.js';

/**
 * What a router may put before us: anything that could have come from elsewhere, but nothing that
 * claims to be ourselves (draft-03 §6, draft-04 §4.2).
 *
 * @param source - offset of the IPv6 source address
 */
export function refuseRelayedSource(
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  source: number,
): DropCode {
  if (!isRoutable(bytes, source)) return Drop.sourceNotAllowed;
  for (let index = 0; index < uplinks.length; index++) {
    if (uplinks[index]!.lease?.owns(bytes, source)) return Drop.loop;
  }
  return Drop.none;
}

/**
 * Who may send to us without a router between: a node whose IPv6 source spells the very endpoint that
 * the datagram came from, and lies in the /64 of one of our routers or under a 6bed4 prefix (draft-03
 * §6, draft-04 §4.2).
 *
 * @param source - offset of the IPv6 source address
 */
export function refuseDirectSource(
  profile: Profile,
  policy: EndpointPolicy,
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  source: number,
  from: Readonly<UdpEndpoint>,
): DropCode {
  if (!policy.accepts(from)) return Drop.sourceEndpointRefused;
  if (!isInterpretable(profile, uplinks, bytes, source)) return Drop.sourceNotAllowed;
  return profile.layout.matchesEndpoint(bytes, source, from) ? Drop.none : Drop.sourceMismatch;
}

/**
 * Whether the lower half of the IPv6 address at `offset` may be read as an endpoint: it lies in the
 * /64 of one of our routers, or its prefix says so (draft-04 §2.1).
 */
export function isInterpretable(
  profile: Profile,
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  offset: number,
): boolean {
  if (is6bed4Prefixed(profile, bytes, offset)) return true;
  for (let index = 0; index < uplinks.length; index++) {
    if (uplinks[index]!.lease?.segment.contains(bytes, offset)) return true;
  }
  return false;
}

import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import type { PeerStatus } from '../control/status.js';

/**
 * How the NATs of this side map its UDP socket, as far as routers show that (RFC 4787 §4.1).
 *
 * - `none`: the socket's own address is the public one.
 * - `same`: several routers see the same endpoint: endpoint-independent mapping.
 * - `each`: they see different ones: address-dependent mapping, with which hardly any path becomes direct.
 * - `unknown`: one router alone cannot show it.
 */
export type MappingKind = 'none' | 'same' | 'each' | 'unknown';

/** The mapping, and the endpoints that routers see. */
export interface Mapping {
  readonly kind: MappingKind;
  /** Each once, in the order of the routers. */
  readonly seenAt: readonly string[];
}

/** Takes the mapping from what routers told; null before any did. */
export function mappingOf({ routers, endpoint }: PeerStatus): Mapping | null {
  const leased = routers.filter(({ publicEndpoint }) => publicEndpoint !== null);
  if (leased.length === 0) return null;
  const seenAt = [...new Set(leased.map((uplink) => formatEndpoint(uplink.publicEndpoint!)))];
  if (seenAt.length > 1) return { kind: 'each', seenAt };
  if (seenAt[0] === formatEndpoint(endpoint)) return { kind: 'none', seenAt };
  const addresses = new Set(leased.map(({ router }) => router.address));
  return { kind: addresses.size > 1 ? 'same' : 'unknown', seenAt };
}

/** Writes the mapping for people. */
export function mappingText({ kind, seenAt }: Mapping, local: Endpoint): string {
  const at = seenAt.join(', ');
  switch (kind) {
    case 'none':
      return 'none, the address of the socket is public';
    case 'same':
      return `${at} for all routers, as direct paths need it`;
    case 'each':
      return `${at}: each destination sees another one, so hardly any path gets direct`;
    case 'unknown':
      return `${at}${at.endsWith(`:${local.port}`) ? ', the port of the socket' : ''}`;
  }
}

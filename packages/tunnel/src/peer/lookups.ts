import type { UdpEndpoint } from '@6bed4/codec';
import type { Lease, PeerIdentity } from './lease.js';
import type { Uplink } from './uplink.js';

// A peer has a handful of uplinks, so walking them beats any table.

/** The uplink whose router is at an endpoint. */
export function uplinkAt(uplinks: readonly Uplink[], from: Readonly<UdpEndpoint>): Uplink | null {
  for (let index = 0; index < uplinks.length; index++) {
    const uplink = uplinks[index]!;
    const { endpoint } = uplink;
    if (endpoint.addressBits === from.addressBits && endpoint.port === from.port) return uplink;
  }
  return null;
}

/** The uplink under which an IPv6 address is one that we may use; see {@link Lease.owns}. */
export function uplinkOwning(
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  offset: number,
): Uplink | null {
  for (let index = 0; index < uplinks.length; index++) {
    const uplink = uplinks[index]!;
    if (uplink.lease?.owns(bytes, offset)) return uplink;
  }
  return null;
}

/** The lease of {@link uplinkOwning}. */
export function leaseOwning(
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  offset: number,
): Lease | null {
  return uplinkOwning(uplinks, bytes, offset)?.lease ?? null;
}

/** The lease whose endpoint an IPv6 address spells; see {@link Lease.spellsUs}. */
export function leaseSpelling(
  uplinks: readonly Uplink[],
  bytes: Uint8Array,
  offset: number,
): Lease | null {
  for (let index = 0; index < uplinks.length; index++) {
    const { lease } = uplinks[index]!;
    if (lease?.spellsUs(bytes, offset)) return lease;
  }
  return null;
}

/** Whether a router sees us at this IPv4 address, an int32. */
export function hasPublicAddress(uplinks: readonly Uplink[], addressBits: number): boolean {
  for (let index = 0; index < uplinks.length; index++) {
    const { lease } = uplinks[index]!;
    if (lease !== null && lease.publicEndpoint.addressBits === addressBits) return true;
  }
  return false;
}

/** Whether a router sees us at this endpoint. */
export function isOwnEndpoint(
  uplinks: readonly Uplink[],
  endpoint: Readonly<UdpEndpoint>,
): boolean {
  return uplinks.some(
    ({ lease }) =>
      lease?.publicEndpoint.addressBits === endpoint.addressBits &&
      lease.publicEndpoint.port === endpoint.port,
  );
}

/** Our address in the /64 of a remote, or else the first we have (draft-03 §10.2). */
export function identityFor(uplinks: readonly Uplink[], remote: Uint8Array): PeerIdentity | null {
  let found: Lease | null = null;
  for (let index = 0; index < uplinks.length; index++) {
    const { lease } = uplinks[index]!;
    if (lease === null) continue;
    if (lease.segment.contains(remote, 0)) return lease.identity;
    found ??= lease;
  }
  return found?.identity ?? null;
}

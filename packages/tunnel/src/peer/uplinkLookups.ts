import { is6bed4Prefixed, type Profile, type UdpEndpoint } from '@6bed4/codec';
import { isLinkLocalOf } from '../address/linkLocal.js';
import type { Lease, PeerIdentity } from './lease.js';
import type { Uplink } from './uplink.js';

/**
 * The look-ups among the uplinks of a peer and the addresses that their routers gave. There is a handful of
 * uplinks, so walking them beats any table; walks for packets do not allocate.
 */
export abstract class UplinkLookups {
  /** In the order of preference. */
  protected readonly list: Uplink[] = [];
  protected readonly profile: Profile;

  constructor(profile: Profile) {
    this.profile = profile;
  }

  /** The uplink whose router is at an endpoint. */
  at(from: Readonly<UdpEndpoint>): Uplink | null {
    for (let index = 0; index < this.list.length; index++) {
      const uplink = this.list[index]!;
      const { endpoint } = uplink;
      if (endpoint.addressBits === from.addressBits && endpoint.port === from.port) return uplink;
    }
    return null;
  }

  /** The uplink under which an IPv6 address is one that we may use; see {@link Lease.owns}. */
  owning(bytes: Uint8Array, offset: number): Uplink | null {
    for (let index = 0; index < this.list.length; index++) {
      const uplink = this.list[index]!;
      if (uplink.lease?.owns(bytes, offset)) return uplink;
    }
    return null;
  }

  /**
   * As {@link owning}, but null also where the packet's other address is one that we may use: then it
   * would go in a circle. Looks for both in one walk.
   *
   * @param other - offset of the other address
   */
  owningOnly(bytes: Uint8Array, offset: number, other: number): Uplink | null {
    let owner: Uplink | null = null;
    for (let index = 0; index < this.list.length; index++) {
      const uplink = this.list[index]!;
      const { lease } = uplink;
      if (lease === null) continue;
      if (lease.owns(bytes, other)) return null;
      if (owner === null && lease.owns(bytes, offset)) owner = uplink;
    }
    return owner;
  }

  /** The lease whose endpoint an IPv6 address encodes; see {@link Lease.encodesOurEndpoint}. */
  leaseEncodedBy(bytes: Uint8Array, offset: number): Lease | null {
    for (let index = 0; index < this.list.length; index++) {
      const { lease } = this.list[index]!;
      if (lease?.encodesOurEndpoint(bytes, offset)) return lease;
    }
    return null;
  }

  /**
   * Whether an IPv6 address is the link-local one of our endpoint, where the dialect has those (draft-01 §6.1,
   * §6.9).
   */
  isLinkLocal(bytes: Uint8Array, offset: number): boolean {
    const { dialect, layout } = this.profile;
    if (!dialect.linkLocalPeers) return false;
    return this.list.some(
      ({ lease }) => lease !== null && isLinkLocalOf(layout, bytes, offset, lease.publicEndpoint),
    );
  }

  /** The lease of a configured router, the first of those that are reachable, or else the first; or null. */
  firstLease(): Lease | null {
    const leased = this.list.filter(({ temporary, lease }) => !temporary && lease !== null);
    return (leased.find((one) => !one.reportedUnreachable) ?? leased[0])?.lease ?? null;
  }

  /** The lease in whose /64 the IPv6 address at `offset` is, or else {@link firstLease} (draft-03 §10.2). */
  leaseFor(bytes: Uint8Array, offset: number): Lease | null {
    for (let index = 0; index < this.list.length; index++) {
      const { lease } = this.list[index]!;
      if (lease?.subnetPrefix.contains(bytes, offset)) return lease;
    }
    return this.firstLease();
  }

  /** Our address in the /64 of a remote, or else the first we have (draft-03 §10.2). */
  identityFor(remote: Uint8Array): PeerIdentity | null {
    return this.leaseFor(remote, 0)?.identity ?? null;
  }

  /**
   * Whether our address at `offset` encodes the endpoint of {@link identityFor}. Behind a NAT, routers may see
   * us at different ones, and a remote refuses packets from another one than they encode (draft-03 §6).
   *
   * @param remotes - buffer with the address of the remote
   * @param at - offset of that
   */
  isSourceFor(remotes: Uint8Array, at: number, bytes: Uint8Array, offset: number): boolean {
    if (this.list.length === 1) return true;
    const lease = this.leaseFor(remotes, at);
    return (
      lease !== null && this.profile.layout.matchesEndpoint(bytes, offset, lease.publicEndpoint)
    );
  }

  /** Whether a configured router sees us at this IPv4 address, an int32. */
  hasPublicAddress(addressBits: number): boolean {
    for (let index = 0; index < this.list.length; index++) {
      const { lease, temporary } = this.list[index]!;
      if (!temporary && lease?.publicEndpoint.addressBits === addressBits) return true;
    }
    return false;
  }

  /**
   * Whether a node with this IPv6 address at this endpoint is ourselves: whoever says so forged a datagram.
   *
   * @param offset - of the address, which encodes the endpoint
   */
  isOurselves(bytes: Uint8Array, offset: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return this.leaseEncodedBy(bytes, offset) !== null || this.hasPublicEndpoint(endpoint);
  }

  /** Whether a configured router sees us at this endpoint. */
  hasPublicEndpoint(endpoint: Readonly<UdpEndpoint>): boolean {
    return this.list.some(
      ({ lease, temporary }) =>
        !temporary &&
        lease?.publicEndpoint.addressBits === endpoint.addressBits &&
        lease.publicEndpoint.port === endpoint.port,
    );
  }

  /**
   * Whether the lower half of the IPv6 address at `offset` may be read as an endpoint: it lies in the
   * /64 of one of our routers, or its prefix says so (draft-04 §2.1).
   */
  isInterpretable(bytes: Uint8Array, offset: number): boolean {
    return is6bed4Prefixed(this.profile, bytes, offset) || this.hasSubnetOf(bytes, offset);
  }

  /** Whether the IPv6 address at `offset` lies in the /64 of one of our routers. */
  hasSubnetOf(bytes: Uint8Array, offset: number): boolean {
    for (let index = 0; index < this.list.length; index++) {
      if (this.list[index]!.lease?.subnetPrefix.contains(bytes, offset)) return true;
    }
    return false;
  }
}

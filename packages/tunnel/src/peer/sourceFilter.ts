import { is6bed4Prefixed, type Profile, type UdpEndpoint } from '@6bed4/codec';
import { isLinkLocalOf } from '../address/linkLocal.js';
import type { LocalSubnets } from '../address/localSubnets.js';
import type { PathFinder } from '../peering/pathFinder.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { PeerParts } from './peerParts.js';
import type { Uplinks } from './uplinks.js';

/** Decides which sources may send to a peer without a router between (draft-03 §6, draft-04 §4.2). */
export class SourceFilter {
  readonly #profile: Profile;
  readonly #uplinks: Uplinks;
  readonly #paths: PathFinder;
  /** Whether remotes behind our own NAT may come from private endpoints. */
  readonly #searchesLan: boolean;
  readonly #localSubnets: LocalSubnets;

  constructor({ settings, uplinks, paths, localSubnets }: PeerParts) {
    this.#profile = settings.profile;
    this.#localSubnets = localSubnets;
    this.#searchesLan = settings.peering.lanTtl > 0;
    this.#uplinks = uplinks;
    this.#paths = paths;
  }

  /**
   * Accepts a node whose IPv6 source encodes the very endpoint that the datagram came from, and lies in
   * the /64 of one of our routers or under a 6bed4 prefix, and is not ourselves. A remote on our own network
   * may send from its private endpoint, once it has answered us from there. Where the dialect has it, a node
   * may also use the link-local address of its endpoint (draft-01 §6.1).
   *
   * @param source - offset of the IPv6 source address
   */
  refuseDirect(
    bytes: Uint8Array,
    source: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    if (!this.#uplinks.isInterpretable(bytes, source)) {
      return this.isLinkLocal(bytes, source, from) ? Drop.none : Drop.sourceNotAllowed;
    }
    if (this.#profile.layout.matchesEndpoint(bytes, source, from)) {
      return this.#uplinks.isOurselves(bytes, source, from) ? Drop.loop : Drop.none;
    }
    return this.#paths.isLanEndpointOf(bytes, source, from, now) ? Drop.none : Drop.sourceMismatch;
  }

  /** Whether this is a link-local address of a node at an endpoint, where the dialect has those. */
  isLinkLocal(bytes: Uint8Array, offset: number, endpoint: Readonly<UdpEndpoint>): boolean {
    const { dialect, layout } = this.#profile;
    return dialect.linkLocalPeers && isLinkLocalOf(layout, bytes, offset, endpoint);
  }

  /**
   * Whether a direct packet may pass the routers of both its addresses by (draft-04 §4.2): both are
   * 6bed4-prefixed, or the sender has an address of a router of ours.
   */
  allowsTrapezium(bytes: Uint8Array, source: number, destination: number): boolean {
    return (
      is6bed4Prefixed(this.#profile, bytes, destination) || this.#uplinks.hasSubnetOf(bytes, source)
    );
  }

  /**
   * Whether a Neighbor Solicitation comes from our local network, from a node behind the same NAT
   * (draft-01 §6.1).
   *
   * @param source - its IPv6 source, 16 bytes
   */
  isOnLan(source: Uint8Array, from: Readonly<UdpEndpoint>): boolean {
    const { layout } = this.#profile;
    return (
      this.#searchesLan &&
      this.#localSubnets.hasHost(from.addressBits) &&
      this.#uplinks.accepts(from) &&
      this.#uplinks.isInterpretable(source, 0) &&
      !layout.isOpaque(source, 0) &&
      !layout.matchesEndpoint(source, 0, from) &&
      this.#uplinks.leaseEncodedBy(source, 0) === null &&
      this.#uplinks.hasPublicAddress(layout.readAddress(source, 0) | 0)
    );
  }
}

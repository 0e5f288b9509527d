import { isIPv4Private, type Profile, type UdpEndpoint } from '@6bed4/codec';
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

  constructor({ settings, uplinks, paths }: PeerParts) {
    this.#profile = settings.profile;
    this.#searchesLan = settings.peering.lanTtl > 0;
    this.#uplinks = uplinks;
    this.#paths = paths;
  }

  /**
   * Accepts a node whose IPv6 source encodes the very endpoint that the datagram came from, and lies in
   * the /64 of one of our routers or under a 6bed4 prefix. A remote on our own network may send from its
   * private endpoint, once it has solicited us from there.
   *
   * @param remote - the slot of the remote with this source, or -1
   * @param source - offset of the IPv6 source address
   */
  refuseDirect(
    remote: number,
    bytes: Uint8Array,
    source: number,
    from: Readonly<UdpEndpoint>,
  ): DropCode {
    const paths = this.#paths;
    if (remote >= 0 && paths.isEncodedEndpoint(remote, from)) return Drop.none;
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    if (!this.#uplinks.isInterpretable(bytes, source)) return Drop.sourceNotAllowed;
    if (this.#profile.layout.matchesEndpoint(bytes, source, from)) return Drop.none;
    return paths.isLanEndpointOf(bytes, source, from) ? Drop.none : Drop.sourceMismatch;
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
      isIPv4Private(from.address) &&
      this.#uplinks.accepts(from) &&
      this.#uplinks.isInterpretable(source, 0) &&
      !layout.isOpaque(source, 0) &&
      !layout.matchesEndpoint(source, 0, from) &&
      this.#uplinks.leaseEncodedBy(source, 0) === null &&
      this.#uplinks.hasPublicAddress(layout.readAddress(source, 0) | 0)
    );
  }
}

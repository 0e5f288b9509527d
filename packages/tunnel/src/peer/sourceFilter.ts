import type { Profile, UdpEndpoint } from '@6bed4/codec';
import type { PathFinder } from '../peering/pathFinder.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { PeerParts } from './peerParts.js';
import type { Uplinks } from './uplinks.js';

/** Decides which sources may send to a peer without a router between (draft-03 §6, draft-04 §4.2). */
export class SourceFilter {
  readonly #profile: Profile;
  readonly #uplinks: Uplinks;
  readonly #paths: PathFinder;

  constructor({ settings, uplinks, paths }: PeerParts) {
    this.#profile = settings.profile;
    this.#uplinks = uplinks;
    this.#paths = paths;
  }

  /**
   * Accepts a node whose IPv6 source encodes the very endpoint that the datagram came from, and lies in
   * the /64 of one of our routers or under a 6bed4 prefix. A remote on our own network may send from its
   * private endpoint, once it has answered us from there.
   *
   * @param remote - the slot of the remote with this source, or -1
   * @param source - offset of the IPv6 source address
   */
  refuseDirect(
    remote: number,
    bytes: Uint8Array,
    source: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const paths = this.#paths;
    if (remote >= 0 && paths.isEncodedEndpoint(remote, from)) return Drop.none;
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    if (!this.#uplinks.isInterpretable(bytes, source)) return Drop.sourceNotAllowed;
    if (this.#profile.layout.matchesEndpoint(bytes, source, from)) return Drop.none;
    return paths.isLanEndpointOf(bytes, source, from, now) ? Drop.none : Drop.sourceMismatch;
  }
}

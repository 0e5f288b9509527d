import { isIPv6LinkLocal, isIPv6Routable, type Profile, type UdpEndpoint } from '@6bed4/codec';
import {
  type NeighborSolicitation,
  type ParseNdOptions,
  parseNd,
  type RouterAdvertisement,
} from '@6bed4/nd';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { ADVERTISEMENT_RATE, PEER_LIMITER_BUCKETS } from '../defaults.js';
import { buildSolicitedAdvertisement } from '../discovery/neighborAdvertisement.js';
import type { MachineOutput } from '../machine/output.js';
import { RateLimiter } from '../packet/rateLimiter.js';
import { nonceOf } from '../peering/nonce.js';
import type { PathFinder } from '../peering/pathFinder.js';
import { Drop, type DropCode } from '../report/drop.js';
import { acceptAdvertisement } from './advertisementAcceptance.js';
import type { PeerSettings } from './peerOptions.js';
import type { PeerParts } from './peerParts.js';
import type { Corrector } from './sourceCorrector.js';
import type { SourceFilter } from './sourceFilter.js';
import type { Uplink } from './uplink.js';
import type { Uplinks } from './uplinks.js';

/**
 * Receives the Neighbor Discovery messages of routers and remotes: checks the source of each kind, answers
 * Neighbor Solicitations, and hands the rest to the part of the peer that waits for it.
 */
export class NdReceiver {
  readonly #profile: Profile;
  readonly #settings: PeerSettings;
  readonly #output: MachineOutput;
  readonly #uplinks: Uplinks;
  readonly #paths: PathFinder;
  readonly #sources: SourceFilter;
  readonly #corrector: Corrector;
  readonly #parsing: ParseNdOptions;
  readonly #advertisements: RateLimiter;

  constructor(parts: PeerParts, sources: SourceFilter, corrector: Corrector) {
    const { profile, random } = parts.settings;
    this.#settings = parts.settings;
    this.#profile = profile;
    this.#output = parts.output;
    this.#uplinks = parts.uplinks;
    this.#paths = parts.paths;
    this.#sources = sources;
    this.#corrector = corrector;
    this.#parsing = { lenientRedirect: profile.dialect.redirects };
    this.#advertisements = new RateLimiter(ADVERTISEMENT_RATE, random, PEER_LIMITER_BUCKETS);
  }

  /**
   * A Neighbor Discovery packet arrived.
   *
   * @param uplink - the uplink of the router that it came from, or null for anyone else
   */
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    uplink: Uplink | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const parsed = parseNd(bytes, offset, length, this.#parsing);
    if (!parsed.ok) return Drop.ndInvalid;
    const message = parsed.value;
    switch (message.type) {
      case 'router-advertisement':
        return uplink === null
          ? this.#prefixOffered(message, from, now)
          : this.#uplinks.advertised(uplink, message, length, now);
      case 'router-solicitation':
        return uplink === null
          ? this.#corrector.answerSolicitation(message, from, now)
          : Drop.ndUnexpected;
      case 'neighbor-solicitation':
        return this.#neighborSolicited(message, uplink, from, now);
      case 'neighbor-advertisement':
        if (uplink !== null || !this.#uplinks.accepts(from)) return Drop.ndUnexpected;
        return this.#paths.advertised(message, from, now);
      case 'redirect':
        if (uplink !== null || !this.#uplinks.accepts(from)) return Drop.ndUnexpected;
        return this.#paths.redirected(message, length, from, now);
      default:
        return Drop.ndUnexpected;
    }
  }

  /** A remote, no router of ours, says how it sees us (draft-04 §7.7). */
  #prefixOffered(message: RouterAdvertisement, from: Readonly<UdpEndpoint>, now: number): DropCode {
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    const offers = acceptAdvertisement(this.#settings, message, from);
    const offer = offers.filter(({ prefix }) => prefix.validLifetime > 0).at(-1);
    if (offer === undefined || !this.#uplinks.accepts(offer.endpoint)) {
      return Drop.advertisementRefused;
    }
    return this.#paths.prefixOffered(offer, nonceOf(message), from, now);
  }

  #neighborSolicited(
    solicitation: NeighborSolicitation,
    uplink: Uplink | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { layout } = this.#profile;
    const { source, target } = solicitation;
    const lease = this.#uplinks.leaseEncodedBy(target, 0);
    if (lease === null) return Drop.ndUnexpected;
    let isRemote = false;
    let isOnLan = false;
    if (uplink === null && !isLinkLocalOf(layout, source, 0, from)) {
      isRemote = true;
      isOnLan = this.#sources.isOnLan(source, from);
      if (!isOnLan) {
        const remote = this.#paths.find(source, 0);
        const refused = this.#sources.refuseDirect(remote, source, 0, from);
        if (refused !== Drop.none) return refused;
      }
    } else if (!isIPv6Routable(source, 0) && !isIPv6LinkLocal(source, 0)) {
      return Drop.sourceNotAllowed;
    }
    if (!this.#advertisements.allows(from.addressBits, now)) return Drop.rateLimited;
    const answer = buildSolicitedAdvertisement(solicitation, target, {
      layout,
      endpoint: lease.publicEndpoint,
      router: false,
      override: true,
      brief: true,
    });
    this.#output.send(from, answer, 0, answer.length);
    if (isRemote) this.#paths.solicited(source, isOnLan, from, now);
    return Drop.none;
  }
}

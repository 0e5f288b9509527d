import {
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Routable,
  type Profile,
  sameIPv6Address,
  type UdpEndpoint,
} from '@6bed4/codec';
import {
  type NdMessage,
  type NeighborAdvertisement,
  type NeighborSolicitation,
  type ParseNdOptions,
  parseNd,
  type Redirect,
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
    this.#parsing = { lenientSolicitation: true, lenientRedirect: profile.dialect.redirects };
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
    const drop = this.#take(parsed.value, length, uplink, from, now);
    if (uplink === null) {
      this.#corrector.correctSource(drop, bytes, offset, length, from, now);
    }
    return drop;
  }

  #take(
    message: NdMessage,
    length: number,
    uplink: Uplink | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    switch (message.type) {
      case 'router-advertisement':
        return uplink === null
          ? this.#prefixOffered(message, from, now)
          : this.#uplinks.advertised(uplink, message, length, now);
      case 'router-solicitation':
        return uplink === null
          ? this.#corrector.answerSolicitation(message, length, from, now)
          : Drop.ndUnexpected;
      case 'neighbor-solicitation':
        return this.#neighborSolicited(message, length, uplink, from, now);
      case 'neighbor-advertisement':
        return uplink === null ? this.#advertised(message, from, now) : Drop.ndUnexpected;
      case 'redirect':
        return uplink === null ? this.#redirected(message, length, from, now) : Drop.ndUnexpected;
    }
  }

  /** A remote, no router of ours, says how it sees us (draft-04 §7.7). */
  #prefixOffered(message: RouterAdvertisement, from: Readonly<UdpEndpoint>, now: number): DropCode {
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    const offers = acceptAdvertisement(this.#settings, message, from);
    const offer = offers.filter(({ prefix }) => prefix.validLifetime > 0).pop();
    if (offer === undefined || !this.#uplinks.accepts(offer.endpoint)) {
      return Drop.advertisementRefused;
    }
    return this.#paths.prefixOffered(offer, nonceOf(message), from, now);
  }

  /**
   * A remote answers a solicitation of ours: from an address that encodes the endpoint that it came from
   * (draft-03 §6, draft-01 §6.1) or, on our local network, from the address that was solicited. What answers
   * nothing proves nothing (RFC 4861 §7.2.5).
   */
  #advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { source, destination, target, solicited } = advertisement;
    if (!solicited) return Drop.ndUnexpected;
    const isOnLan = sameIPv6Address(source, 0, target, 0) && this.#sources.isOnLan(source, from);
    if (!isOnLan) {
      const refused = this.#sources.refuseDirect(source, 0, from, now);
      if (refused !== Drop.none) return refused;
    }
    if (!this.#isOurs(destination)) return Drop.destinationNotOurs;
    return this.#paths.advertised(advertisement, from, now);
  }

  /**
   * A remote proposes another path: from the link-local address of its endpoint, which is also that of the
   * address that it speaks for (draft-01 §6.13).
   */
  #redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { source, destination } = redirect;
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    const isOnLan = this.#sources.isOnLan(redirect.target, from);
    if (!isOnLan && !isLinkLocalOf(this.#profile.layout, source, 0, from)) {
      return Drop.sourceMismatch;
    }
    if (!this.#isOurs(destination)) return Drop.destinationNotOurs;
    return this.#paths.redirected(redirect, length, from, now);
  }

  /** Our own addresses and, with another O flag, those that we answer for (RFC 4861 §7.2.8). */
  #neighborSolicited(
    solicitation: NeighborSolicitation,
    length: number,
    uplink: Uplink | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const uplinks = this.#uplinks;
    const { source, target, destination } = solicitation;
    const isLinkLocal = uplinks.isLinkLocal(target, 0);
    const lease = isLinkLocal ? uplinks.firstLease() : uplinks.owning(target, 0)?.lease;
    if (!lease) return Drop.ndUnexpected;
    if (!this.#isOurs(destination) && !isIPv6LinkLocalMulticast(destination, 0)) {
      return Drop.destinationNotOurs;
    }
    const isRemote = uplink === null && !isLinkLocalOf(this.#profile.layout, source, 0, from);
    const isOnLan = isRemote && this.#sources.isOnLan(source, from);
    if (isRemote && !isOnLan) {
      const refused = this.#sources.refuseDirect(source, 0, from, now);
      if (refused !== Drop.none) return refused;
    }
    if (!isRemote && !isIPv6Routable(source, 0) && !isIPv6LinkLocal(source, 0)) {
      return Drop.sourceNotAllowed;
    }
    if (!this.#advertisements.allows(from.addressBits, now)) return Drop.rateLimited;
    const answer = buildSolicitedAdvertisement(solicitation, target, {
      layout: this.#profile.layout,
      endpoint: lease.publicEndpoint,
      router: false,
      override: isLinkLocal || sameIPv6Address(target, 0, lease.identity.address, 0),
      brief: true,
    });
    // Only where a solicitation to many does not name its sender, against RFC 4861 §4.3.
    if (answer.length > length) return Drop.ndUnexpected;
    const send = (): void => this.#output.send(from, answer, 0, answer.length);
    if (!isRemote) {
      send();
      return Drop.none;
    }
    const ready = { length: answer.length, send };
    return this.#paths.solicited(solicitation, isOnLan, from, length, ready, now)
      ? Drop.none
      : Drop.rateLimited;
  }

  /** Whether an IPv6 address is one of ours, or the link-local one. */
  #isOurs(address: Uint8Array): boolean {
    return this.#uplinks.owning(address, 0) !== null || this.#uplinks.isLinkLocal(address, 0);
  }
}

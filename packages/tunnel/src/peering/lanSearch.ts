import { UdpEndpoint } from '@6bed4/codec';
import { HINT_INTERVAL, LAN_SEARCH_INTERVAL } from '../defaults.js';
import { ALL_HOSTS_IPV4 } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import type { NeighborSolicitations } from './neighborSolicitations.js';
import type { PeeringHost } from './peering.js';
import type { Remotes } from './remotes.js';

/** Options of a {@link LanSearch}. */
export interface LanSearchOptions {
  /** IPv4 TTL of the search; 0 for none. */
  readonly lanTtl: number;
  /** UDP port of the search. */
  readonly wellKnownPort: number;
}

/**
 * The search for remotes on the local network (draft-01 §6.11). A remote whose address has our own
 * public IPv4 address is probably behind the same NAT, which may not do hairpinning. Beside the
 * solicitation to its public endpoint, one goes to 224.0.0.1, and does not leave the local network.
 *
 * A host that answers, or solicits us, from a private endpoint becomes a candidate. Any host on the
 * local network could do so; a solicitation to that very endpoint, and its answer, confirm the path.
 */
export class LanSearch {
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #solicitations: NeighborSolicitations;
  readonly #ttl: number;
  readonly #allHosts: UdpEndpoint;
  /** Private endpoint that answered or solicited, as yet unconfirmed; port 0 for none. */
  readonly #candidateAddress: Int32Array;
  readonly #candidatePort: Uint16Array;
  /** Time at which the candidate itself was solicited, not just all hosts. */
  readonly #candidateSolicitedAt: Float64Array;
  /** Earliest time of the next search for a remote. */
  readonly #searchAt: Float64Array;
  readonly #to = new UdpEndpoint();

  constructor(
    host: PeeringHost,
    remotes: Remotes,
    solicitations: NeighborSolicitations,
    options: LanSearchOptions,
  ) {
    this.#host = host;
    this.#remotes = remotes;
    this.#solicitations = solicitations;
    this.#ttl = options.lanTtl;
    this.#allHosts = new UdpEndpoint(ALL_HOSTS_IPV4, options.wellKnownPort);
    this.#candidateAddress = new Int32Array(remotes.capacity);
    this.#candidatePort = new Uint16Array(remotes.capacity);
    this.#candidateSolicitedAt = new Float64Array(remotes.capacity);
    this.#searchAt = new Float64Array(remotes.capacity);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  created(slot: number): void {
    this.#candidatePort[slot] = 0;
    this.#searchAt[slot] = DISTANT_PAST;
  }

  /** Removes the candidate, which does not answer. */
  giveUp(slot: number): void {
    this.#candidatePort[slot] = 0;
  }

  /** Whether a remote can be at this private endpoint: on our local network, behind our own NAT. */
  canBeAt(slot: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return (
      this.#ttl > 0 &&
      this.#host.isOnLocalSubnet(endpoint.addressBits) &&
      this.#host.accepts(endpoint) &&
      this.#host.sharesPublicAddress(this.#remotes.paths.encodedAddress(slot))
    );
  }

  /** Whether this endpoint itself was solicited, so that an advertisement from it is an answer. */
  wasSolicited(slot: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return this.#candidateSolicitedAt[slot]! > DISTANT_PAST && this.#isCandidate(slot, endpoint);
  }

  /** A remote may be at this endpoint, which is solicited at once. */
  proposed(slot: number, endpoint: Readonly<UdpEndpoint>, now: number): void {
    this.#setCandidate(slot, endpoint);
    this.#solicitCandidate(slot, now);
  }

  /** The path in use is on the local network, and this endpoint of it is solicited now. */
  solicited(slot: number, endpoint: Readonly<UdpEndpoint>, now: number): void {
    this.#setCandidate(slot, endpoint);
    this.#candidateSolicitedAt[slot] = now;
  }

  /** Goes with a solicitation to the public endpoint: solicits the candidate, or else all hosts. */
  search(slot: number, now: number): void {
    if (this.#candidatePort[slot] !== 0) {
      this.#solicitCandidate(slot, now);
    } else if (this.#mayBeSearched(slot, now)) {
      this.#searchAt[slot] = now + LAN_SEARCH_INTERVAL;
      this.#solicitations.send(slot, this.#allHosts, this.#ttl, now);
    }
  }

  #mayBeSearched(slot: number, now: number): boolean {
    return (
      this.#ttl > 0 &&
      this.#solicitations.affords(slot) &&
      this.#host.sharesPublicAddress(this.#remotes.paths.encodedAddress(slot)) &&
      now >= this.#searchAt[slot]!
    );
  }

  #isCandidate(slot: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return (
      endpoint.addressBits === this.#candidateAddress[slot] &&
      endpoint.port === this.#candidatePort[slot]
    );
  }

  #setCandidate(slot: number, endpoint: Readonly<UdpEndpoint>): void {
    if (this.#isCandidate(slot, endpoint)) return;
    this.#candidateSolicitedAt[slot] = DISTANT_PAST;
    this.#candidateAddress[slot] = endpoint.addressBits;
    this.#candidatePort[slot] = endpoint.port;
  }

  #solicitCandidate(slot: number, now: number): void {
    // Both sides may search, answer and solicit at once: that must come to rest.
    if (now - this.#candidateSolicitedAt[slot]! < HINT_INTERVAL) return;
    if (!this.#solicitations.affords(slot)) return;
    this.#solicitations.prepareExtra(slot, now);
    this.#candidateSolicitedAt[slot] = now;
    this.#to.address = this.#candidateAddress[slot]!;
    this.#to.port = this.#candidatePort[slot]!;
    this.#solicitations.send(slot, this.#to, 0, now);
  }
}

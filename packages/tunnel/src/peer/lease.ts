import {
  type Endpoint,
  formatIPv4,
  formatIPv6,
  formatPrefix,
  is6bed4Prefixed,
  type Profile,
  readInt32,
  sameIPv6Address,
  type UdpEndpoint,
} from '@6bed4/codec';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import type { Offer } from '../discovery/discovery.js';
import type { AddressLease } from '../report/events.js';

const LOWER_HALF = 8;

/** An IPv6 address of ours, 16 bytes, and the endpoint that it encodes. */
export interface PeerIdentity {
  readonly address: Uint8Array;
  readonly endpoint: Readonly<UdpEndpoint>;
}

/** All of a lease that is not the address itself. */
export interface LeaseTerms extends Pick<AddressLease, 'temporary' | 'routes' | 'defaultRouter'> {
  readonly router: Endpoint;
  /** Which of the addresses under the prefix is the peer's own. */
  readonly lanip: number;
}

/** The address that one router gave to this peer, in the forms that the data path needs. */
export class Lease {
  /** The /64 of the router. */
  readonly subnetPrefix: SubnetPrefix;
  /** Whether that names the router (draft-03 §3). */
  readonly is6bed4Prefixed: boolean;
  readonly offer: Offer;
  /** The peer's own endpoint as the router sees it. */
  readonly publicEndpoint: Readonly<UdpEndpoint>;
  /** The peer's own address and endpoint. */
  readonly identity: PeerIdentity;
  /** Source of ICMPv6 errors towards the local side: the router's place on our own link; 16 bytes. */
  readonly errorSource: Uint8Array;
  /** The same in text, for events and snapshots. */
  readonly description: AddressLease;

  readonly #temporary: boolean;
  /** The bits of the lower half that encode our endpoint, in two words, and what they are. */
  readonly #thirdMask: number;
  readonly #fourthMask: number;
  readonly #third: number;
  readonly #fourth: number;
  /** The lanip, of which 0 is the router's; no bits where the layout has none. */
  readonly #lanipMask: number;

  constructor(profile: Profile, offer: Offer, terms: LeaseTerms) {
    const { layout } = profile;
    const { router, lanip, temporary, routes, defaultRouter } = terms;
    this.offer = offer;
    this.#temporary = temporary;
    this.subnetPrefix = new SubnetPrefix(offer.base);
    this.is6bed4Prefixed = is6bed4Prefixed(profile, offer.base, 0);
    this.publicEndpoint = offer.endpoint;
    const { address, port } = offer.endpoint;
    const { hasLanip } = layout;
    const own = offer.base.slice();
    if (hasLanip) layout.writeEndpoint(own, 0, address, port, lanip);
    this.identity = { address: own, endpoint: offer.endpoint };
    this.errorSource = hasLanip ? offer.base.slice() : offer.base.slice().fill(0, LOWER_HALF);
    [this.#thirdMask, this.#fourthMask] = layout.endpointMask;
    const encoded = offer.base.slice();
    layout.writeUnchecked(encoded, 0, address, port, 0);
    this.#third = readInt32(encoded, LOWER_HALF) & this.#thirdMask;
    this.#fourth = readInt32(encoded, LOWER_HALF + 4) & this.#fourthMask;
    this.#lanipMask = layout.maxLanip;
    this.description = {
      router,
      address: formatIPv6(own),
      prefix: formatPrefix({
        bytes: hasLanip ? offer.base : this.subnetPrefix.toBytes(),
        length: layout.prefixLength,
      }),
      publicEndpoint: { address: formatIPv4(address), port },
      temporary,
      routes,
      defaultRouter,
    };
  }

  /**
   * Whether the router may bring a packet with these addresses: to an address under its own lease and,
   * if it was only solicited to avoid the trapezium path, from an address under its own /64. For every
   * packet that comes through a router.
   *
   * @param source - offset of the IPv6 source address
   * @param destination - offset of the IPv6 destination address
   */
  accepts(bytes: Uint8Array, source: number, destination: number): boolean {
    return (
      this.owns(bytes, destination) &&
      (!this.#temporary || this.subnetPrefix.contains(bytes, source))
    );
  }

  /** Whether the IPv6 address at `offset` is one that this peer may use; lanip 0 is not. */
  owns(bytes: Uint8Array, offset: number): boolean {
    const lanipMask = this.#lanipMask;
    return (
      this.encodesOurEndpoint(bytes, offset) &&
      (lanipMask === 0 || (readInt32(bytes, offset + LOWER_HALF + 4) & lanipMask) !== 0)
    );
  }

  /** Whether the IPv6 address at `offset` encodes our own endpoint under this router, any lanip. */
  encodesOurEndpoint(bytes: Uint8Array, offset: number): boolean {
    return (
      (readInt32(bytes, offset + LOWER_HALF + 4) & this.#fourthMask) === this.#fourth &&
      (readInt32(bytes, offset + LOWER_HALF) & this.#thirdMask) === this.#third &&
      this.subnetPrefix.contains(bytes, offset)
    );
  }

  /** Whether the router sees us at the same endpoint as under another lease. */
  isAtEndpointOf(other: Lease): boolean {
    const [one, two] = [this.publicEndpoint, other.publicEndpoint];
    return one.addressBits === two.addressBits && one.port === two.port;
  }

  /** Whether an offer is about this very address. */
  isOf(offer: Offer): boolean {
    return sameIPv6Address(this.offer.base, 0, offer.base, 0);
  }

  /** Whether another lease says the same as this one. */
  agreesWith(other: Lease): boolean {
    return JSON.stringify(other.description) === JSON.stringify(this.description);
  }
}

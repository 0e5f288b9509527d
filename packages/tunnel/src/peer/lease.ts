import {
  type AddressLayout,
  type Endpoint,
  formatIPv4,
  formatIPv6,
  formatPrefix,
  readInt32,
  sameIPv6Address,
  type UdpEndpoint,
} from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import { MAX_ROUTES } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import type { AddressLease } from '../report/events.js';

const LOWER_HALF = 8;

/** An IPv6 address of ours, 16 bytes, and the endpoint that it encodes. */
export interface PeerIdentity {
  readonly address: Uint8Array;
  readonly endpoint: Readonly<UdpEndpoint>;
}

/** The address that one router gave to this peer, in the forms that the data path needs. */
export class Lease {
  /** The /64 of the router. */
  readonly subnetPrefix: SubnetPrefix;
  /** The peer's own endpoint as the router sees it. */
  readonly publicEndpoint: Readonly<UdpEndpoint>;
  /** The peer's own address and endpoint. */
  readonly identity: PeerIdentity;
  /** Source of ICMPv6 errors towards the local side: the router's place on our own link; 16 bytes. */
  readonly errorSource: Uint8Array;
  /** The same in text, for events and snapshots. */
  readonly description: AddressLease;

  readonly #base: Uint8Array;
  /** The bits of the lower half that encode our endpoint, in two words, and what they are. */
  readonly #thirdMask: number;
  readonly #fourthMask: number;
  readonly #third: number;
  readonly #fourth: number;
  /** The lanip, of which 0 is the router's; no bits where the layout has none. */
  readonly #lanipMask: number;

  /**
   * @param lanip - which of the addresses under the prefix is the peer's own
   * @param routes - offered routes as text
   */
  constructor(
    layout: AddressLayout,
    offer: Offer,
    router: Endpoint,
    lanip: number,
    routes: readonly string[],
  ) {
    this.#base = offer.base;
    this.subnetPrefix = new SubnetPrefix(offer.base);
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
      routes,
    };
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

  /** Whether a new offer says the same as this lease. */
  agreesWith(offer: Offer, routes: readonly string[]): boolean {
    return (
      sameIPv6Address(this.#base, 0, offer.base, 0) &&
      routes.length === this.description.routes.length &&
      routes.every((route, index) => route === this.description.routes[index])
    );
  }
}

/**
 * The routes in an advertisement, as text: prefixes that are neither on-link nor autonomous (as
 * deployed routers offer them) and Route Information (RFC 4191 §2.3, draft-04 §3.2). At most 32.
 */
export function offeredRoutes(advertisement: RouterAdvertisement): string[] {
  const routes: string[] = [];
  for (const option of advertisement.options) {
    let lifetime: number;
    if (option.type === 'prefix-information' && !option.onLink && !option.autonomous) {
      lifetime = option.validLifetime;
    } else if (option.type === 'route-information') {
      lifetime = option.lifetime;
    } else continue;
    if (lifetime === 0 || option.prefixLength > 128 || routes.length >= MAX_ROUTES) continue;
    // Bits beyond the length, which receivers must ignore (RFC 4861 §4.6.2), were cleared in parsing.
    const text = formatPrefix({ bytes: option.prefix, length: option.prefixLength });
    if (!routes.includes(text)) routes.push(text);
  }
  return routes;
}

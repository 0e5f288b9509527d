import { type AddressLayout, isIPv6LinkLocal, type Prefix, type UdpEndpoint } from '@6bed4/codec';
import {
  buildNd,
  copyBytes,
  type NdOption,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  type RouterAdvertisement,
  type RouterSolicitation,
} from '@6bed4/nd';
import type { SubnetPrefix } from '../address/subnetPrefix.js';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import { INFINITE_LIFETIME } from '../specification.js';
import type { Discovery } from './discovery.js';
import { echoedOptions } from './neighborAdvertisement.js';

/** The fixed fields as deployed routers send them: of low preference, and lasting for ever. */
const FIXED_FIELDS = {
  ...ROUTER_ADVERTISEMENT_DEFAULTS,
  source: ROUTER_LINK_LOCAL,
  preference: 'low',
  routerLifetime: 0xffff,
  reachableTime: 0xffff_ffff,
  retransTimer: 0xffff_ffff,
} as const;

/** The network that a Router Advertisement describes. */
export interface AdvertisedNetwork {
  readonly discovery: Discovery;
  readonly layout: AddressLayout;
  readonly subnetPrefix: SubnetPrefix;
  /** Offered besides. */
  readonly routes: readonly Prefix[];
}

/** The one place that builds Router Advertisements (draft-03 §4, §10.1; draft-04 §3.2). */
export class Advertiser {
  readonly #network: AdvertisedNetwork;
  readonly #routes: readonly NdOption[];

  constructor(network: AdvertisedNetwork) {
    this.#network = network;
    this.#routes = network.routes.map((route) => ({
      type: 'prefix-information',
      prefixLength: route.length,
      onLink: false,
      autonomous: false,
      validLifetime: INFINITE_LIFETIME,
      preferredLifetime: INFINITE_LIFETIME,
      prefix: route.bytes,
    }));
  }

  /**
   * The answer to a solicitation that came from this endpoint; an IPv6 packet. It goes to all nodes unless
   * the solicitation has a link-local source: no other is known to be its sender's (RFC 4861 §6.2.6).
   */
  answer(solicitation: RouterSolicitation, to: Readonly<UdpEndpoint>): Uint8Array {
    const { source } = solicitation;
    return this.#build(isIPv6LinkLocal(source, 0) ? source : null, to, [
      ...this.#offer(to),
      ...echoedOptions(solicitation),
    ]);
  }

  /**
   * The correction for a frame from this endpoint whose IPv6 source encodes another one (draft-03 §6):
   * retracts the prefix that the frame used, then offers the right one, in this order because
   * deployed peers take the last prefix that they find.
   *
   * @param bytes - buffer with the IPv6 source address of the frame at `source`
   */
  correct(bytes: Uint8Array, source: number, to: Readonly<UdpEndpoint>): Uint8Array {
    const { discovery, layout } = this.#network;
    const options = this.#offer(to);
    if (discovery.retracts && !layout.isOpaque(bytes, source)) {
      const retracted = copyBytes(bytes, source, source + 16);
      options.unshift(prefixInformation(retracted, discovery.prefixLength, 0));
    }
    return this.#build(null, to, options);
  }

  #offer(to: Readonly<UdpEndpoint>): NdOption[] {
    const { discovery, subnetPrefix } = this.#network;
    const prefix = discovery.advertisedPrefix(subnetPrefix.toBytes(), to);
    return [prefixInformation(prefix, discovery.prefixLength, INFINITE_LIFETIME), ...this.#routes];
  }

  #build(
    solicitationSource: Uint8Array | null,
    to: Readonly<UdpEndpoint>,
    options: readonly NdOption[],
  ): Uint8Array {
    const advertisement: RouterAdvertisement = {
      ...FIXED_FIELDS,
      destination: this.#network.discovery.advertisementDestination(solicitationSource, to),
      options: [...options],
    };
    return buildNd(advertisement);
  }
}

function prefixInformation(prefix: Uint8Array, prefixLength: number, lifetime: number): NdOption {
  return {
    type: 'prefix-information',
    prefixLength,
    onLink: true,
    autonomous: true,
    validLifetime: lifetime,
    preferredLifetime: lifetime,
    prefix,
  };
}

import {
  type AddressLayout,
  formatEndpoint,
  formatIPv6,
  parseIPv4,
  parseIPv6,
  UdpEndpoint,
} from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';
import { sameBytes } from './bytes.js';

const SEGMENT_BYTES = 8;

/** The addresses that one router gives: one for each lanip. */
interface OwnNetwork {
  /** `A.B.C.D:port` of the router. */
  readonly router: string;
  readonly base: Uint8Array;
  readonly endpoint: UdpEndpoint;
  /** Addresses that were asked for, by lanip. */
  readonly addresses: Map<number, Uint8Array>;
}

/** What an address of ours says. */
export interface OwnName {
  /** The router that gave it. */
  readonly router: string;
  readonly lanip: number;
}

/** The tunnel's own IPv6 addresses, as its routers give and take them. */
export class OwnAddresses {
  readonly #layout: AddressLayout;
  /** The lanip of who asks for none, 0 where the layout has none. */
  readonly lanip: number;
  #networks: OwnNetwork[] = [];
  #generation = 0;

  /** @param lanip - which address under each prefix is meant by default */
  constructor(layout: AddressLayout, lanip: number) {
    this.#layout = layout;
    this.lanip = layout.maxLanip === 0 ? 0 : lanip;
  }

  /** Changes whenever addresses do. */
  get generation(): number {
    return this.#generation;
  }

  /** Highest lanip there can be, 0 for none at all. */
  get maxLanip(): number {
    return this.#layout.maxLanip;
  }

  /** Takes what routers give now, in the order of the routers. */
  update(leases: readonly AddressLease[]): void {
    this.#generation++;
    this.#networks = leases.map(({ router, address, publicEndpoint }) => ({
      router: formatEndpoint(router),
      base: parseIPv6(address),
      endpoint: new UdpEndpoint(parseIPv4(publicEndpoint.address), publicEndpoint.port),
      addresses: new Map(),
    }));
  }

  /** Which of our addresses the one at `offset` is, or null. */
  find(bytes: Uint8Array, offset: number): OwnName | null {
    for (const { router, base, endpoint } of this.#networks) {
      const isOurs =
        sameBytes(base, 0, bytes, offset, SEGMENT_BYTES) &&
        this.#layout.matchesEndpoint(bytes, offset, endpoint);
      if (!isOurs) continue;
      const lanip = this.lanipOf(bytes, offset);
      // Lanip 0 is the router's (draft-04 §5.2).
      if (lanip !== 0 || this.maxLanip === 0) return { router, lanip };
    }
    return null;
  }

  /** The lanip in an address that is known to be ours; 0 where the layout has none. */
  lanipOf(bytes: Uint8Array, offset: number): number {
    return this.maxLanip === 0 ? 0 : this.#layout.readLanip(bytes, offset);
  }

  /** The address, 16 bytes, with a lanip that a router gives; null when it gives none now. */
  at(router: string, lanip: number): Uint8Array | null {
    const network = this.#networks.find((one) => one.router === router);
    return network === undefined ? null : this.#address(network, lanip);
  }

  /**
   * The address, 16 bytes, to speak from to a destination: one in its /64 if we have it, or else the
   * first (draft-03 §10.2); null while there is none.
   */
  sourceFor(destination: Uint8Array, lanip: number): Uint8Array | null {
    const network =
      this.#networks.find(({ base }) => sameBytes(base, 0, destination, 0, SEGMENT_BYTES)) ??
      this.#networks[0];
    return network === undefined ? null : this.#address(network, lanip);
  }

  /** The texts of the addresses with a lanip, in the order of the routers. */
  texts(lanip: number): string[] {
    return this.#networks.map((network) => formatIPv6(this.#address(network, lanip)));
  }

  #address(network: OwnNetwork, lanip: number): Uint8Array {
    const known = network.addresses.get(lanip);
    if (known !== undefined) return known;
    const address = network.base.slice();
    if (this.maxLanip > 0) {
      const { endpoint } = network;
      this.#layout.writeEndpoint(address, 0, endpoint.address, endpoint.port, lanip);
    }
    network.addresses.set(lanip, address);
    return address;
  }
}

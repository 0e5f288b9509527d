import {
  type AddressLayout,
  formatEndpoint,
  formatIPv6,
  parseIPv4,
  parseIPv6,
  sameSubnetPrefix,
  UdpEndpoint,
} from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';

/** The addresses that one router assigns: one for each lanip. */
interface OwnNetwork {
  /** `A.B.C.D:port` of the router. */
  readonly router: string;
  readonly base: Uint8Array;
  readonly endpoint: UdpEndpoint;
  /** Addresses computed so far, by lanip. */
  readonly addresses: Map<number, Uint8Array>;
}

/** The router and lanip of an own address. */
export interface OwnName {
  /** `A.B.C.D:port` of the router that has assigned it. */
  readonly router: string;
  readonly lanip: number;
}

/** The own IPv6 addresses of the tunnel, as its routers assign them. */
export class OwnAddresses {
  readonly #layout: AddressLayout;
  /** The default lanip, 0 where the layout has none. */
  readonly lanip: number;
  #networks: OwnNetwork[] = [];
  #generation = 0;

  /** @param lanip - of the default address under each prefix */
  constructor(layout: AddressLayout, lanip: number) {
    this.#layout = layout;
    this.lanip = layout.maxLanip === 0 ? 0 : lanip;
  }

  /** Changes whenever addresses do. */
  get generation(): number {
    return this.#generation;
  }

  /** The highest lanip of the layout, 0 for none at all. */
  get maxLanip(): number {
    return this.#layout.maxLanip;
  }

  /** Sets the addresses that routers assign now, in the order of the routers. */
  update(leases: readonly AddressLease[]): void {
    this.#generation++;
    this.#networks = leases.map(({ router, address, publicEndpoint }) => ({
      router: formatEndpoint(router),
      base: parseIPv6(address),
      endpoint: new UdpEndpoint(parseIPv4(publicEndpoint.address), publicEndpoint.port),
      addresses: new Map(),
    }));
  }

  /** The own address at `offset`, or null for any other address. */
  find(bytes: Uint8Array, offset: number): OwnName | null {
    for (const { router, base, endpoint } of this.#networks) {
      const isOurs =
        sameSubnetPrefix(base, 0, bytes, offset) &&
        this.#layout.matchesEndpoint(bytes, offset, endpoint);
      if (!isOurs) continue;
      const lanip = this.lanipOf(bytes, offset);
      // Lanip 0 is the router's (draft-04 §5.2).
      if (lanip !== 0 || this.maxLanip === 0) return { router, lanip };
    }
    return null;
  }

  /** Whether the address at `offset` is an own one. For every packet. */
  has(bytes: Uint8Array, offset: number): boolean {
    for (const { base, endpoint } of this.#networks) {
      if (!sameSubnetPrefix(base, 0, bytes, offset)) continue;
      if (!this.#layout.matchesEndpoint(bytes, offset, endpoint)) continue;
      if (this.maxLanip === 0 || this.lanipOf(bytes, offset) !== 0) return true;
    }
    return false;
  }

  /** The addresses, 16 bytes each, with a lanip, in the order of the routers. */
  all(lanip: number): Uint8Array[] {
    return this.#networks.map((network) => this.#address(network, lanip));
  }

  /** The lanip in an own address; 0 where the layout has none. */
  lanipOf(bytes: Uint8Array, offset: number): number {
    return this.maxLanip === 0 ? 0 : this.#layout.readLanip(bytes, offset);
  }

  /** The address, 16 bytes, with this router and lanip; null when the router assigns none now. */
  at(router: string, lanip: number): Uint8Array | null {
    const network = this.#networks.find((one) => one.router === router);
    return network === undefined ? null : this.#address(network, lanip);
  }

  /**
   * The source address, 16 bytes, for a destination: one with its subnet prefix if there is one, or else
   * the first (draft-03 §10.2); null while there is none.
   */
  sourceFor(destination: Uint8Array, lanip: number): Uint8Array | null {
    const network =
      this.#networks.find(({ base }) => sameSubnetPrefix(base, 0, destination, 0)) ??
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

import { parseIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import type { AddressPool } from '../network/addressPool.js';
import type { LinkDescription } from '../network/link.js';
import { type Gateway, Segment } from '../network/network.js';
import { type InterfaceOwner, NetworkInterface } from '../network/networkInterface.js';
import type { World } from '../world/world.js';

/** Where a middlebox stands. */
export interface MiddleboxPlace {
  /** The network on its outside. */
  readonly outside: Segment;
  /** Its link there. */
  readonly link: LinkDescription;
  /** Where members of the inside get addresses that ask for none. */
  readonly addresses: AddressPool;
}

/** A NAT or a firewall: one network behind it, one in front. */
export abstract class Middlebox implements Gateway, InterfaceOwner {
  readonly name: string;
  /** @internal The network behind it: a LAN, with multicast and without routers. */
  readonly inside: Segment;
  /** @internal Its interface to the network in front. */
  readonly outside: NetworkInterface;
  /** @internal */
  protected readonly world: World;
  readonly #permits: ReadonlySet<number>;

  /** @internal */
  constructor(world: World, name: string, permits: readonly string[], place: MiddleboxPlace) {
    this.world = world;
    this.name = name;
    this.#permits = new Set(permits.map((text) => parseIPv4(text, 'permits') | 0));
    this.inside = new Segment(world, {
      name: `inside ${name}`,
      hops: 0,
      multicast: true,
      gateway: this,
      addresses: place.addresses,
    });
    this.outside = new NetworkInterface(world, this, place.outside, place.link);
  }

  /** Changes its outside link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.outside.link = link;
  }

  /** @internal A middlebox wants no multicast. */
  joined(): boolean {
    return false;
  }

  /** @internal A datagram that leaves the inside. */
  fromInside(datagram: Datagram, now: number): void {
    if (this.#passes(datagram, datagram.destination)) this.outbound(datagram, now);
  }

  /** @internal A datagram that came to the outside. */
  fromNetwork(datagram: Datagram, now: number): void {
    if (this.#passes(datagram, datagram.source)) this.inbound(datagram, now);
  }

  /** @internal A member of the inside got this address, int32. */
  abstract attached(address: number): void;
  /** @internal A member of the inside lost this address, int32. */
  abstract detached(address: number): void;

  /** @internal Translates or lets pass what leaves the inside; takes the datagram over. */
  protected abstract outbound(datagram: Datagram, now: number): void;

  /** @internal Translates or lets pass what came to the outside; takes the datagram over. */
  protected abstract inbound(datagram: Datagram, now: number): void;

  /** Lowers the TTL as every router (RFC 1812 §5.3.1), and keeps to the list of permitted remotes. */
  #passes(datagram: Datagram, remote: number): boolean {
    if (datagram.ttl <= 1) {
      this.world.drop(this.name, datagram, 'ttl');
      return false;
    }
    datagram.ttl--;
    if (this.#permits.size > 0 && !this.#permits.has(remote)) {
      this.world.drop(this.name, datagram, 'blocked');
      return false;
    }
    return true;
  }
}

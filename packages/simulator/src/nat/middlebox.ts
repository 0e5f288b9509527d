import { parseIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import type { AddressPool } from '../network/addressPool.js';
import type { LinkDescription } from '../network/link.js';
import { type Gateway, type InterfaceOwner, Network } from '../network/network.js';
import { NetworkInterface } from '../network/networkInterface.js';
import type { World } from '../world/world.js';

/** The external side of a middlebox. */
export interface MiddleboxAttachment {
  /** The network in front of it. */
  readonly externalNetwork: Network;
  /** Its link there. */
  readonly link: LinkDescription;
  /** Addresses of the internal network for nodes without an address of their own choice. */
  readonly addresses: AddressPool;
}

/** A NAT or a firewall: one network behind it, one in front. */
export abstract class Middlebox implements Gateway, InterfaceOwner {
  readonly name: string;
  /** @internal The network behind it: a LAN, with multicast and without routers. */
  readonly internalNetwork: Network;
  /** @internal Its interface to the network in front. */
  readonly externalInterface: NetworkInterface;
  /** @internal */
  protected readonly world: World;
  readonly #permits: ReadonlySet<number>;
  /** Whether it lets no UDP pass; WebSockets pass all the same. */
  blocksUdp = false;

  /** @internal */
  constructor(
    world: World,
    name: string,
    permits: readonly string[],
    attachment: MiddleboxAttachment,
  ) {
    this.world = world;
    this.name = name;
    this.#permits = new Set(permits.map((text) => parseIPv4(text, 'permits') | 0));
    this.internalNetwork = new Network(world, {
      name: `inside ${name}`,
      hops: 0,
      multicast: true,
      gateway: this,
      addresses: attachment.addresses,
    });
    this.externalInterface = new NetworkInterface(
      world,
      this,
      attachment.externalNetwork,
      attachment.link,
    );
  }

  /** Changes its external link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.externalInterface.link = link;
  }

  /** @internal A middlebox joins no multicast group. */
  hasJoined(): boolean {
    return false;
  }

  /** @internal A datagram that leaves the internal network. */
  fromInternal(datagram: Datagram, now: number): void {
    if (this.#passes(datagram, datagram.destination)) this.outbound(datagram, now);
  }

  /** @internal A datagram that came from the external network. */
  fromNetwork(datagram: Datagram, now: number): void {
    if (this.#passes(datagram, datagram.source)) this.inbound(datagram, now);
  }

  /** @internal A node of the internal network got this address, int32. */
  abstract attached(address: number): void;
  /** @internal A node of the internal network lost this address, int32. */
  abstract detached(address: number): void;

  /** @internal Translates or lets pass what leaves the internal network; takes the datagram over. */
  protected abstract outbound(datagram: Datagram, now: number): void;

  /** @internal Translates or lets pass what came from the external network; takes the datagram over. */
  protected abstract inbound(datagram: Datagram, now: number): void;

  /** Lowers the TTL as every router (RFC 1812 §5.3.1), and keeps to the list of permitted remotes. */
  #passes(datagram: Datagram, remote: number): boolean {
    if (datagram.ttl <= 1) {
      this.world.drop(this.name, datagram, 'ttl');
      return false;
    }
    datagram.ttl--;
    if (this.blocksUdp || (this.#permits.size > 0 && !this.#permits.has(remote))) {
      this.world.drop(this.name, datagram, 'blocked');
      return false;
    }
    return true;
  }
}

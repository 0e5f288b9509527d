import type { Datagram } from '../datagram/datagram.js';
import type { World } from '../world/world.js';
import { completeLink, Link, type LinkDescription } from './link.js';
import type { InterfaceOwner, Network, NetworkMember } from './network.js';

/** The interface of a node to a network: an IPv4 address, or several of a firewall, and a link. */
export class NetworkInterface implements NetworkMember {
  readonly owner: InterfaceOwner;
  readonly network: Network;
  readonly up: Link;
  readonly down: Link;
  #isUp = true;

  constructor(world: World, owner: InterfaceOwner, network: Network, link: LinkDescription) {
    this.owner = owner;
    this.network = network;
    const random = world.random.stream(`link ${owner.name}`);
    const toNetwork = { arrived: (datagram: Datagram) => network.route(datagram, this) };
    const toOwner = {
      arrived: (datagram: Datagram, now: number) => {
        if (this.#isUp) owner.fromNetwork(datagram, now);
        else world.drop(owner.name, datagram, 'no-route');
      },
    };
    this.up = new Link(world, random, owner.name, toNetwork, completeLink(link, 'up'));
    this.down = new Link(world, random, owner.name, toOwner, completeLink(link, 'down'));
  }

  /** Takes an address, int32, of the network. @throws Error when it is taken */
  claim(address: number): void {
    this.network.attach(address, this);
  }

  /** Gives an address up. */
  release(address: number): void {
    this.network.detach(address);
  }

  /** Changes what the link does to datagrams, for those to come. */
  set link(link: LinkDescription) {
    this.up.options = completeLink(link, 'up');
    this.down.options = completeLink(link, 'down');
  }

  /** Leaves the network for good: what is still on its way to the owner is lost. */
  close(): void {
    this.#isUp = false;
    this.network.detachAll(this);
  }
}

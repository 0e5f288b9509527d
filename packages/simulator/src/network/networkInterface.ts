import type { Datagram } from '../datagram/datagram.js';
import type { World } from '../world/world.js';
import { completeLink, Link, type LinkDescription } from './link.js';
import type { Segment } from './network.js';

/** Who has a {@link NetworkInterface}: a host or a middlebox. */
export interface InterfaceOwner {
  readonly name: string;
  /** A datagram came out of the network. */
  fromNetwork(datagram: Datagram, now: number): void;
  /** Whether datagrams to this multicast group and port are wanted. */
  joined(group: number, port: number): boolean;
}

/** A node's way into a segment: an IPv4 address, or several behind a firewall, and a link. */
export class NetworkInterface {
  readonly owner: InterfaceOwner;
  readonly segment: Segment;
  readonly up: Link;
  readonly down: Link;
  #isUp = true;

  constructor(world: World, owner: InterfaceOwner, segment: Segment, link: LinkDescription) {
    this.owner = owner;
    this.segment = segment;
    const random = world.random.stream(`link ${owner.name}`);
    const intoSegment = { arrived: (datagram: Datagram) => segment.route(datagram, this) };
    const toOwner = {
      arrived: (datagram: Datagram, now: number) => {
        if (this.#isUp) owner.fromNetwork(datagram, now);
        else world.drop(owner.name, datagram, 'no-route');
      },
    };
    this.up = new Link(world, random, owner.name, intoSegment, completeLink(link, 'up'));
    this.down = new Link(world, random, owner.name, toOwner, completeLink(link, 'down'));
  }

  /** Takes an address, int32, in the segment. @throws Error when somebody has it */
  claim(address: number): void {
    this.segment.attach(address, this);
  }

  /** Gives an address up. */
  release(address: number): void {
    this.segment.detach(address);
  }

  /** Changes what the link does to datagrams, for those to come. */
  set link(link: LinkDescription) {
    this.up.options = completeLink(link, 'up');
    this.down.options = completeLink(link, 'down');
  }

  /** Leaves the network for good: what is still on its way to the owner is lost. */
  close(): void {
    this.#isUp = false;
    this.segment.detachAll(this);
  }
}

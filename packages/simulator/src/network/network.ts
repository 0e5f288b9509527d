import { formatIPv4, isIPv4Multicast } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import type { World } from '../world/world.js';
import type { AddressPool } from './addressPool.js';
import type { Link } from './link.js';

/** The node that a {@link NetworkMember} belongs to: a host or a middlebox. */
export interface InterfaceOwner {
  readonly name: string;
  /** A datagram came out of the network. */
  fromNetwork(datagram: Datagram, now: number): void;
  /** Whether it joined this multicast group on this port. */
  hasJoined(group: number, port: number): boolean;
}

/** An interface as its network sees it. */
export interface NetworkMember {
  readonly owner: InterfaceOwner;
  /** The link from the network to the owner. */
  readonly down: Link;
}

/** The way out of a LAN: a NAT or a firewall. */
export interface Gateway {
  /** A datagram to an address that no member of the LAN has. */
  fromInternal(datagram: Datagram, now: number): void;
  /** A member got this address, int32. */
  attached(address: number): void;
  /** A member lost this address, int32. */
  detached(address: number): void;
}

/** Options of a {@link Network}. */
export interface NetworkOptions {
  readonly name: string;
  /** IPv4 routers on each way through it, which lower the TTL: 0 for a LAN. */
  readonly hops: number;
  /** Whether multicast reaches the other members. */
  readonly multicast: boolean;
  /** Null for the public core. */
  readonly gateway: Gateway | null;
  /** Addresses for members without an address of their own choice. */
  readonly addresses: AddressPool;
}

/** A network whose members reach each other by IPv4 address: the public core, or a LAN. */
export class Network {
  readonly name: string;
  readonly #world: World;
  readonly #hops: number;
  readonly #multicast: boolean;
  readonly #gateway: Gateway | null;
  readonly #addresses: AddressPool;
  readonly #members = new Map<number, NetworkMember>();
  readonly #blocked = new Set<string>();

  constructor(world: World, options: NetworkOptions) {
    this.#world = world;
    this.name = options.name;
    this.#hops = options.hops;
    this.#multicast = options.multicast;
    this.#gateway = options.gateway;
    this.#addresses = options.addresses;
  }

  /** Whether this is the public core, which has no gateway. */
  get isCore(): boolean {
    return this.#gateway === null;
  }

  /** Whether a member has this address, int32. */
  has(address: number): boolean {
    return this.#members.has(address);
  }

  /** Addresses for members without an address of their own choice. */
  get addresses(): AddressPool {
    return this.#addresses;
  }

  /** An address, int32, that is free. @throws Error when none is left */
  freeAddress(): number {
    return this.#addresses.take((address) => this.#members.has(address));
  }

  /** Gives an address, int32, to an interface. @throws Error when it is taken */
  attach(address: number, to: NetworkMember): void {
    const holder = this.#members.get(address);
    if (holder !== undefined) {
      throw new Error(`${formatIPv4(address)} in ${this.name} belongs to ${holder.owner.name}`);
    }
    this.#gateway?.attached(address);
    this.#members.set(address, to);
  }

  /** Takes an address away from the member that has it. */
  detach(address: number): void {
    if (this.#members.delete(address)) this.#gateway?.detached(address);
  }

  /** Takes all addresses away from an interface. */
  detachAll(from: NetworkMember): void {
    for (const [address, holder] of this.#members) {
      if (holder === from) this.detach(address);
    }
  }

  /** The IPv4 subnets of a LAN, `A.B.C.D/length`; those of the public core are nobody's own. */
  get subnets(): readonly string[] {
    return this.#gateway === null ? [] : [this.#addresses.network];
  }

  /** Forbids, or allows again, UDP between two addresses, int32, both ways. */
  setBlocked(one: number, other: number, blocked: boolean): void {
    for (const pair of [`${one} ${other}`, `${other} ${one}`]) {
      if (blocked) this.#blocked.add(pair);
      else this.#blocked.delete(pair);
    }
  }

  /** Carries a datagram that a member sent: to another member, to a group, or to the gateway. */
  route(datagram: Datagram, from: NetworkMember): void {
    const { destination } = datagram;
    if (isIPv4Multicast(destination >>> 0)) {
      this.#routeMulticast(datagram, from);
      return;
    }
    const target = this.#members.get(destination);
    if (target === undefined) {
      if (this.#gateway === null) this.#world.drop(this.name, datagram, 'no-route');
      else this.#gateway.fromInternal(datagram, this.#world.scheduler.now);
      return;
    }
    this.#carryTo(target, datagram);
  }

  /** Carries a datagram that came in through the gateway to the member that it is for. */
  deliver(datagram: Datagram): void {
    const target = this.#members.get(datagram.destination);
    if (target === undefined) this.#world.drop(this.name, datagram, 'no-route');
    else this.#carryTo(target, datagram);
  }

  #carryTo(target: NetworkMember, datagram: Datagram): void {
    const { source, destination } = datagram;
    if (this.#blocked.size > 0 && this.#blocked.has(`${source} ${destination}`)) {
      this.#world.drop(this.name, datagram, 'blocked');
      return;
    }
    if (this.#hops > 0) {
      // The last of so many routers still needs a TTL above 1 to pass it on (RFC 1812 §5.3.1).
      if (datagram.ttl <= this.#hops) {
        this.#world.drop(this.name, datagram, 'ttl');
        return;
      }
      datagram.ttl -= this.#hops;
    }
    if (this.isCore) {
      this.#world.trace?.record('core', this.name, datagram, this.#world.scheduler.now);
    }
    target.down.carry(datagram);
  }

  /** To all other members that joined (RFC 1112 §6.1: the sender needs no copy). */
  #routeMulticast(datagram: Datagram, from: NetworkMember): void {
    let isWanted = false;
    if (this.#multicast) {
      for (const member of new Set(this.#members.values())) {
        if (member === from) continue;
        if (!member.owner.hasJoined(datagram.destination, datagram.destinationPort)) continue;
        isWanted = true;
        const copy = this.#world.pool.take();
        copy.copyFrom(datagram);
        member.down.carry(copy);
      }
    }
    if (isWanted) this.#world.pool.release(datagram);
    else this.#world.drop(this.name, datagram, 'no-multicast');
  }
}

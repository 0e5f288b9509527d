import { formatIPv4, isIPv4Multicast } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import type { World } from '../world.js';
import type { AddressPool } from './addressPool.js';
import type { NetworkInterface } from './networkInterface.js';

/** The way out of a segment: a NAT or a firewall. */
export interface Gateway {
  /** A datagram to an address that nobody in the segment has. */
  fromInside(datagram: Datagram, now: number): void;
  /** A member got this address, int32. */
  attached(address: number): void;
  /** A member lost this address, int32. */
  detached(address: number): void;
}

/** What a {@link Segment} is. */
export interface SegmentOptions {
  readonly name: string;
  /** IPv4 routers on each way through it, which lower the TTL: 0 for a LAN. */
  readonly hops: number;
  /** Whether multicast reaches the other members. */
  readonly multicast: boolean;
  /** Null for the public core. */
  readonly gateway: Gateway | null;
  /** Where members get addresses that ask for none. */
  readonly addresses: AddressPool;
}

/** A network whose members reach each other by IPv4 address: the public core, or a LAN. */
export class Segment {
  readonly name: string;
  readonly #world: World;
  readonly #hops: number;
  readonly #multicast: boolean;
  readonly #gateway: Gateway | null;
  readonly #addresses: AddressPool;
  readonly #interfaces = new Map<number, NetworkInterface>();
  readonly #blocked = new Set<string>();

  constructor(world: World, options: SegmentOptions) {
    this.#world = world;
    this.name = options.name;
    this.#hops = options.hops;
    this.#multicast = options.multicast;
    this.#gateway = options.gateway;
    this.#addresses = options.addresses;
  }

  /** Whether this is the public core, which has no way out. */
  get isCore(): boolean {
    return this.#gateway === null;
  }

  /** Whether somebody has this address, int32. */
  has(address: number): boolean {
    return this.#interfaces.has(address);
  }

  /** Where members get addresses that ask for none. */
  get addresses(): AddressPool {
    return this.#addresses;
  }

  /** An address, int32, that nobody has. @throws Error when none is left */
  freeAddress(): number {
    return this.#addresses.take((address) => this.#interfaces.has(address));
  }

  /** Gives an address, int32, to an interface. @throws Error when somebody has it */
  attach(address: number, to: NetworkInterface): void {
    const holder = this.#interfaces.get(address);
    if (holder !== undefined) {
      throw new Error(`${formatIPv4(address)} in ${this.name} belongs to ${holder.owner.name}`);
    }
    this.#gateway?.attached(address);
    this.#interfaces.set(address, to);
  }

  /** Takes an address away from whoever has it. */
  detach(address: number): void {
    if (this.#interfaces.delete(address)) this.#gateway?.detached(address);
  }

  /** Takes all addresses away from an interface. */
  detachAll(from: NetworkInterface): void {
    for (const [address, holder] of this.#interfaces) {
      if (holder === from) this.detach(address);
    }
  }

  /** Forbids, or allows again, UDP between two addresses, int32, both ways. */
  setBlocked(one: number, other: number, blocked: boolean): void {
    for (const pair of [`${one} ${other}`, `${other} ${one}`]) {
      if (blocked) this.#blocked.add(pair);
      else this.#blocked.delete(pair);
    }
  }

  /** Carries a datagram that an interface sent: to a member, to the group, or out. */
  route(datagram: Datagram, from: NetworkInterface): void {
    const { destination } = datagram;
    if (isIPv4Multicast(destination >>> 0)) {
      this.#routeMulticast(datagram, from);
      return;
    }
    const target = this.#interfaces.get(destination);
    if (target === undefined) {
      if (this.#gateway === null) this.#world.drop(this.name, datagram, 'no-route');
      else this.#gateway.fromInside(datagram, this.#world.scheduler.now);
      return;
    }
    this.#carryTo(target, datagram);
  }

  /** Carries a datagram that came in from outside to the member that it is for. */
  deliver(datagram: Datagram): void {
    const target = this.#interfaces.get(datagram.destination);
    if (target === undefined) this.#world.drop(this.name, datagram, 'no-route');
    else this.#carryTo(target, datagram);
  }

  #carryTo(target: NetworkInterface, datagram: Datagram): void {
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
  #routeMulticast(datagram: Datagram, from: NetworkInterface): void {
    let isWanted = false;
    if (this.#multicast) {
      for (const member of new Set(this.#interfaces.values())) {
        if (member === from) continue;
        if (!member.owner.joined(datagram.destination, datagram.destinationPort)) continue;
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

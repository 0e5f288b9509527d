import { formatIPv4, parseIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import { DEFAULT_TTL } from '../datagram/datagram.js';
import { endpointKey } from '../datagram/endpointKey.js';
import type { LinkDescription } from '../network/link.js';
import type { Segment } from '../network/network.js';
import { type InterfaceOwner, NetworkInterface } from '../network/networkInterface.js';
import type { Random } from '../time/random.js';
import type { World } from '../world/world.js';

/** Where a host is. */
export interface HostPlace {
  readonly segment: Segment;
  /** Int32. */
  readonly address: number;
  readonly link: LinkDescription;
}

/** Who has a UDP socket. The bytes are lent until the call returns, and may be changed. */
export interface DatagramHandler {
  /** @param address - source, int32 */
  datagramArrived(
    bytes: Uint8Array,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void;
}

/** The ports that systems give to sockets that ask for none (RFC 6335 §6). */
const EPHEMERAL = { lowest: 49_152, highest: 65_535 } as const;

/** A computer: one interface, and UDP sockets. */
export class Host implements InterfaceOwner {
  readonly name: string;
  readonly #world: World;
  readonly #sockets = new Map<number, DatagramHandler>();
  readonly #groups = new Set<number>();
  readonly #random: Random;
  #place: HostPlace;
  #interface: NetworkInterface | null = null;

  constructor(world: World, name: string, place: HostPlace) {
    this.#world = world;
    this.name = name;
    this.#random = world.random.stream(`host ${name}`);
    this.#place = place;
    this.plug();
  }

  /** Its IPv4 address. */
  get address(): string {
    return formatIPv4(this.#place.address);
  }

  /** Its IPv4 address as int32. */
  get addressBits(): number {
    return this.#place.address;
  }

  /** Whether it is in a network. */
  get isPlugged(): boolean {
    return this.#interface !== null;
  }

  /** Changes its link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.#place = { ...this.#place, link };
    if (this.#interface !== null) this.#interface.link = link;
  }

  /** Enters its network; nothing when it is there. @throws Error when somebody has its address */
  plug(): void {
    if (this.#interface !== null) return;
    const { segment, link, address } = this.#place;
    const entered = new NetworkInterface(this.#world, this, segment, link);
    entered.claim(address);
    this.#interface = entered;
  }

  /** Leaves its network: what it sends and what is sent to it is lost. */
  unplug(): void {
    this.#interface?.close();
    this.#interface = null;
  }

  /** Goes to another network or address; sockets stay open. @throws Error when the address is taken */
  move(place: HostPlace): void {
    const former = this.#place;
    this.unplug();
    this.#place = place;
    try {
      this.plug();
    } catch (error) {
      this.#place = former;
      this.plug();
      throw error;
    }
  }

  /** Opens a UDP socket. @throws Error when the port is taken */
  bind(port: number, handler: DatagramHandler): void {
    if (this.#sockets.has(port)) throw new Error(`${this.name}: UDP port ${port} is taken`);
    this.#sockets.set(port, handler);
  }

  /** Closes a UDP socket. */
  unbind(port: number): void {
    this.#sockets.delete(port);
  }

  /** A free ephemeral port for which `isUsable` says true. */
  freePort(isUsable: (port: number) => boolean = () => true): number {
    for (;;) {
      const port = this.#random.integer(EPHEMERAL.lowest, EPHEMERAL.highest);
      if (!this.#sockets.has(port) && isUsable(port)) return port;
    }
  }

  /** Wants multicast to this group, `A.B.C.D`, and port from now on. */
  join(group: string, port: number): void {
    this.#groups.add(endpointKey(parseIPv4(group, 'group'), port));
  }

  /** Whether it does. */
  joined(group: number, port: number): boolean {
    return this.#groups.has(endpointKey(group, port));
  }

  /**
   * Sends one UDP datagram.
   *
   * @param destination - int32
   * @param ttl - IPv4 TTL; 0 for the default of 64
   */
  send(
    sourcePort: number,
    destination: number,
    destinationPort: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    tos = 0,
    ttl = 0,
  ): void {
    const world = this.#world;
    const datagram = world.pool.take();
    datagram.id = ++world.sent;
    datagram.source = this.#place.address;
    datagram.sourcePort = sourcePort;
    datagram.destination = destination;
    datagram.destinationPort = destinationPort;
    datagram.ttl = ttl === 0 ? DEFAULT_TTL : ttl;
    datagram.tos = tos;
    datagram.setPayload(bytes, offset, length);
    world.trace?.record('send', this.name, datagram, world.scheduler.now);
    if (this.#interface === null) world.drop(this.name, datagram, 'no-route');
    else this.#interface.up.carry(datagram);
  }

  /** Hands a datagram to the socket it is for; multicast to the socket that joined. */
  fromNetwork(datagram: Datagram, now: number): void {
    const world = this.#world;
    const { destination, destinationPort } = datagram;
    const socket = this.#sockets.get(destinationPort) ?? this.#member(destination, destinationPort);
    if (socket === undefined) {
      world.drop(this.name, datagram, 'no-socket');
      return;
    }
    world.delivered++;
    world.trace?.record('deliver', this.name, datagram, now);
    const { bytes, length, source, sourcePort } = datagram;
    socket.datagramArrived(bytes, length, source, sourcePort, now);
    world.pool.release(datagram);
  }

  /** A driver listens to a group with a socket of its own, and feeds it to the same machine. */
  #member(group: number, port: number): DatagramHandler | undefined {
    if (!this.joined(group, port)) return undefined;
    return this.#sockets.values().next().value;
  }
}

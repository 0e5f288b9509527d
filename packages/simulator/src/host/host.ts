import { formatIPv4, isIPv4Multicast, parseIPv4, type UdpEndpoint } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import type { Datagram } from '../datagram/datagram.js';
import { DEFAULT_TTL } from '../datagram/datagram.js';
import { endpointKey } from '../datagram/endpointKey.js';
import type { LinkDescription } from '../network/link.js';

import type { InterfaceOwner, Network } from '../network/network.js';
import { NetworkInterface } from '../network/networkInterface.js';
import type { Random } from '../time/random.js';
import type { World } from '../world/world.js';

/** The network of a host, and its address and link there. */
export interface HostAttachment {
  readonly network: Network;
  /** Int32. */
  readonly address: number;
  readonly link: LinkDescription;
}

/** The owner of a UDP socket. The bytes are valid until the call returns, and may be changed. */
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

/** Ports of sockets that were bound without a port (RFC 6335 §6). */
const EPHEMERAL = { lowest: 49_152, highest: 65_535 } as const;

/** A computer: one interface, and UDP sockets. */
export class Host implements InterfaceOwner {
  readonly name: string;
  readonly #world: World;
  readonly #sockets = new Map<number, DatagramHandler>();
  readonly #groups = new Set<number>();
  readonly #random: Random;
  #attachment: HostAttachment;
  #interface: NetworkInterface | null = null;

  constructor(world: World, name: string, attachment: HostAttachment) {
    this.#world = world;
    this.name = name;
    this.#random = world.random.stream(`host ${name}`);
    this.#attachment = attachment;
    this.plug();
  }

  /** Its IPv4 address. */
  get address(): string {
    return formatIPv4(this.#attachment.address);
  }

  /** Its IPv4 address as int32. */
  get addressBits(): number {
    return this.#attachment.address;
  }

  /** Whether it is in a network. */
  get isPlugged(): boolean {
    return this.#interface !== null;
  }

  /** The IPv4 subnets that it is directly connected to, `A.B.C.D/length`. */
  get subnets(): readonly string[] {
    return this.isPlugged ? this.#attachment.network.subnets : [];
  }

  /** Changes its link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.#attachment = { ...this.#attachment, link };
    if (this.#interface !== null) this.#interface.link = link;
  }

  /** Enters its network, unless it is there. @throws Error when its address is taken */
  plug(): void {
    if (this.#interface !== null) return;
    const { network, link, address } = this.#attachment;
    const created = new NetworkInterface(this.#world, this, network, link);
    created.claim(address);
    this.#interface = created;
  }

  /** Leaves its network: what it sends and what is sent to it is lost. */
  unplug(): void {
    this.#interface?.close();
    this.#interface = null;
  }

  /** Goes to another network or address; sockets stay open. @throws Error when the address is taken */
  move(attachment: HostAttachment): void {
    const former = this.#attachment;
    this.unplug();
    this.#attachment = attachment;
    try {
      this.plug();
    } catch (error) {
      this.#attachment = former;
      this.plug();
      throw error;
    }
  }

  /** Opens a UDP socket. @throws Error with code EADDRINUSE */
  bind(port: number, handler: DatagramHandler): void {
    if (this.#sockets.has(port)) {
      const text = `${this.name}: UDP port ${port} is taken`;
      throw Object.assign(new Error(text), { code: 'EADDRINUSE' });
    }
    this.#sockets.set(port, handler);
  }

  /** The owner of the socket on a port. */
  handlerOf(port: number): DatagramHandler | undefined {
    return this.#sockets.get(port);
  }

  /** Closes a UDP socket. */
  unbind(port: number): void {
    this.#sockets.delete(port);
  }

  /** A free ephemeral port for which `isUsable` is true. */
  freePort(isUsable: (port: number) => boolean = () => true): number {
    for (;;) {
      const port = this.#random.integer(EPHEMERAL.lowest, EPHEMERAL.highest);
      if (!this.#sockets.has(port) && isUsable(port)) return port;
    }
  }

  /** Joins a multicast group, `A.B.C.D`, on a port. */
  join(group: string, port: number): void {
    this.#groups.add(endpointKey(parseIPv4(group, 'group'), port));
  }

  /** Whether it joined this multicast group, int32, on this port. */
  hasJoined(group: number, port: number): boolean {
    return this.#groups.has(endpointKey(group, port));
  }

  /**
   * A datagram from one of its ports, with the default TTL, for the caller to fill in and to
   * {@link Host.send}.
   */
  newDatagram(sourcePort: number): Datagram {
    const datagram = this.#world.pool.take();
    datagram.source = this.#attachment.address;
    datagram.sourcePort = sourcePort;
    datagram.ttl = DEFAULT_TTL;
    datagram.onlyOpens = false;
    datagram.tos = 0;
    return datagram;
  }

  /** Sends a datagram from one of its ports, as a machine has it: TTL 0 means the default. */
  sendFrom(
    sourcePort: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    const datagram = this.newDatagram(sourcePort);
    datagram.destination = to.addressBits;
    datagram.destinationPort = to.port;
    datagram.tos = tos;
    if (ttl !== 0) datagram.ttl = ttl;
    datagram.onlyOpens = ttl === OPENING_TTL && !isIPv4Multicast(to.addressBits);
    datagram.setPayload(bytes, offset, length);
    this.send(datagram);
  }

  /** Takes a datagram over and sends it. */
  send(datagram: Datagram): void {
    const world = this.#world;
    datagram.id = ++world.sent;
    world.trace?.record('send', this.name, datagram, world.scheduler.now);
    if (this.#interface === null) world.drop(this.name, datagram, 'no-route');
    else this.#interface.up.carry(datagram);
  }

  /** Hands a datagram to the socket of its port, or to the first socket when its group was joined. */
  fromNetwork(datagram: Datagram, now: number): void {
    const world = this.#world;
    const { destination, destinationPort } = datagram;
    if (datagram.onlyOpens && datagram.ttl <= 1) {
      world.drop(this.name, datagram, 'ttl');
      return;
    }
    const socket = this.#sockets.get(destinationPort) ?? this.#member(destination, destinationPort);
    if (socket === undefined) {
      world.drop(this.name, datagram, 'no-socket');
      return;
    }
    world.delivered++;
    world.isTouched = true;
    world.trace?.record('deliver', this.name, datagram, now);
    const { bytes, length, source, sourcePort } = datagram;
    socket.datagramArrived(bytes, length, source, sourcePort, now);
    world.pool.release(datagram);
  }

  /** A driver listens to a group with a socket of its own, and feeds it to the same machine. */
  #member(group: number, port: number): DatagramHandler | undefined {
    if (!this.hasJoined(group, port)) return undefined;
    return this.#sockets.values().next().value;
  }
}

import { parseEndpoint, parseIPv4 } from '@6bed4/codec';
import { endpointText } from '../datagram/endpointKey.js';
import { HostEnvironment } from '../environment/hostEnvironment.js';
import type { LinkDescription } from '../network/link.js';
import type { World } from '../world/world.js';
import { Host, type HostAttachment } from './host.js';

/** A datagram that a {@link UdpSocket} received. */
export interface ReceivedDatagram {
  /** Milliseconds of virtual time. */
  readonly at: number;
  /** `A.B.C.D:port` of the sender, as the datagram arrived. */
  readonly from: string;
  readonly payload: Uint8Array;
}

/** Handler of each datagram that a {@link UdpSocket} received. */
export type OnDatagram = (datagram: ReceivedDatagram, socket: UdpSocket) => void;

/** A plain UDP socket of a {@link UdpNode}. */
export class UdpSocket {
  readonly #host: Host;
  readonly #onDatagram: OnDatagram | undefined;
  readonly port: number;
  /** Everything that arrived, in order. */
  readonly received: ReceivedDatagram[] = [];

  /** @internal */
  constructor(host: Host, port: number, onDatagram: OnDatagram | undefined) {
    this.#host = host;
    this.port = port;
    this.#onDatagram = onDatagram;
    host.bind(port, this);
  }

  /** Its own `A.B.C.D:port`, before any NAT. */
  get endpoint(): string {
    return endpointText(this.#host.addressBits, this.port);
  }

  /** Sends one datagram to `A.B.C.D:port`; `ttl` 1..255, default 64. */
  send(to: string, payload: Uint8Array = new Uint8Array(0), ttl = 0): void {
    const { address, port } = parseEndpoint(to);
    const datagram = this.#host.newDatagram(this.port);
    datagram.destination = parseIPv4(address) | 0;
    datagram.destinationPort = port;
    if (ttl !== 0) datagram.ttl = ttl;
    datagram.setPayload(payload, 0, payload.length);
    this.#host.send(datagram);
  }

  /** @internal */
  datagramArrived(
    bytes: Uint8Array,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void {
    const received = {
      at: now,
      from: endpointText(address, port),
      payload: bytes.slice(0, length),
    };
    this.received.push(received);
    this.#onDatagram?.(received, this);
  }
}

/** A host: for programs that use `@6bed4/node`, by its {@link environment}, and with plain UDP sockets. */
export class UdpNode {
  readonly name: string;
  readonly #world: World;
  readonly #host: Host;
  #environment: HostEnvironment | null = null;

  /** @internal */
  constructor(world: World, name: string, attachment: HostAttachment) {
    this.name = name;
    this.#world = world;
    this.#host = new Host(world, name, attachment);
  }

  /** Its IPv4 address. */
  get address(): string {
    return this.#host.address;
  }

  /** This host as a computer for `openTunnel` and others of `@6bed4/node`: their option `environment`. */
  get environment(): HostEnvironment {
    this.#environment ??= new HostEnvironment(this.#world, this.#host);
    return this.#environment;
  }

  /** Leaves its network: what it sends and what is sent to it is lost. */
  unplug(): void {
    this.#host.unplug();
  }

  /** Returns to its network, and tells those who live on it. @throws Error when its address is taken */
  plug(): void {
    this.#host.plug();
    this.#environment?.moved();
  }

  /** @internal */
  moveTo(attachment: HostAttachment): void {
    this.#host.move(attachment);
    this.#environment?.moved();
  }

  /** Changes its link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.#host.link = link;
  }

  /** Opens a UDP socket; without a port, on any free one. @throws Error when the port is taken */
  bind(port?: number, onDatagram?: OnDatagram): UdpSocket {
    return new UdpSocket(this.#host, port ?? this.#host.freePort(), onDatagram);
  }

  /** Sends one datagram to `A.B.C.D:port` with a false source of the same form. */
  forge(source: string, to: string, payload: Uint8Array): void {
    const [from, destination] = [parseEndpoint(source), parseEndpoint(to)];
    const datagram = this.#host.newDatagram(from.port);
    datagram.source = parseIPv4(from.address) | 0;
    datagram.destination = parseIPv4(destination.address) | 0;
    datagram.destinationPort = destination.port;
    datagram.setPayload(payload, 0, payload.length);
    this.#host.send(datagram);
  }

  /** Joins a multicast group, `A.B.C.D`, on a port. */
  join(group: string, port: number): void {
    this.#host.join(group, port);
  }
}

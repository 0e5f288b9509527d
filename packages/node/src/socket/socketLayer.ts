import { DEFAULT_HOP_LIMIT } from '@6bed4/nd';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import type { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import { ApplicationPort } from '../drivers/ports/applicationPort.js';
import { realTimers } from '../environment/timers.js';
import { TcpLayer } from '../tcp/tcpLayer.js';
import { AddressTextCache } from './addressTextCache.js';
import type { Destination } from './destinationCache.js';
import type { SystemErrorCode } from './dgramErrors.js';
import { IcmpResponder } from './icmpResponder.js';
import { LayerCounters } from './layerCounters.js';
import { LocalDelivery } from './localDelivery.js';
import { OutboundRemotes } from './outboundRemotes.js';
import type { OwnAddresses } from './ownAddresses.js';
import { PacketReceiver } from './packetReceiver.js';
import { PacketTransmitter, type TransmitOptions } from './packetTransmitter.js';
import { PortBinding, type PortBindingOptions, type Receiver } from './portBinding.js';
import { PortTable } from './portTable.js';

/** Of packets that answer others. */
const REPLY_OPTIONS: TransmitOptions = { policy: 'proper', hopLimit: DEFAULT_HOP_LIMIT };

/** UDP, TCP and the ICMPv6 that belongs to them, between the peer of a tunnel and the sockets of a program. */
export class SocketLayer extends ApplicationPort {
  readonly addresses: OwnAddresses;
  readonly counters = new LayerCounters();
  readonly remotes: OutboundRemotes;
  readonly tcp: TcpLayer;
  readonly #table: PortTable;
  readonly #icmp: IcmpResponder;
  readonly #transmitter: PacketTransmitter;
  readonly #receiver: PacketReceiver;
  readonly #local: LocalDelivery;

  constructor(
    onPacket: (packet: Uint8Array) => void,
    addresses: OwnAddresses,
    random: () => number,
    clock: () => number,
    timers = realTimers,
  ) {
    super(onPacket);
    this.addresses = addresses;
    const { counters } = this;
    const table = new PortTable(random);
    const remotes = new OutboundRemotes(random);
    const texts = new AddressTextCache((bytes, offset) => remotes.received(bytes, offset));
    this.remotes = remotes;
    this.tcp = new TcpLayer({ addresses, remotes, random, clock, timers });
    this.#transmitter = new PacketTransmitter(random, counters);
    this.#table = table;
    this.#icmp = new IcmpResponder(random, clock, counters);
    this.#local = new LocalDelivery(table, addresses, texts);
    this.#receiver = new PacketReceiver({
      table,
      addresses,
      texts,
      counters,
      icmp: this.#icmp,
      remotes,
      clock,
      timers,
      tcp: this.tcp,
      send: (packet) => this.#reply(packet),
      pass: (packet) => super.deliver(packet, 0, packet.length),
    });
  }

  /** Sets the driver of the peer; before anything is sent. */
  attach(driver: PortablePeerDriver): void {
    this.#transmitter.attach(driver);
    this.#receiver.attach(driver.datagrams);
    this.tcp.attach(driver);
  }

  /** Datagrams and bytes that wait in the UDP socket of the tunnel. */
  get queued(): { readonly datagrams: number; readonly bytes: number } {
    return this.#transmitter.queued;
  }

  /**
   * Binds a socket.
   *
   * @returns an error code when the port cannot be had
   */
  bind(receiver: Receiver, options: PortBindingOptions): PortBinding | SystemErrorCode {
    const { place, reuseAddress } = options;
    const port = options.port === 0 ? this.#table.freePort(place) : options.port;
    if (port === 0 || this.#table.isTaken(place, port, reuseAddress)) return 'EADDRINUSE';
    const binding = new PortBinding(receiver, { ...options, port });
    this.#updateAddress(binding);
    this.#table.add(binding);
    return binding;
  }

  /** Releases the port of a socket. */
  release(binding: PortBinding): void {
    binding.isOpen = false;
    this.#table.remove(binding);
    this.counters.closed(binding.counters);
  }

  /** Makes the sockets follow when routers assign other addresses. */
  addressesChanged(): void {
    for (const binding of this.#table) this.#updateAddress(binding);
    this.tcp.addressesChanged();
  }

  /** The counters of the sockets that are bound. */
  *socketCounters(): IterableIterator<PortBinding['counters']> {
    for (const { counters } of this.#table) yield counters;
  }

  /**
   * Sends a datagram.
   *
   * @param size - bytes of all parts
   * @returns an error code when it could not be sent
   */
  transmit(
    binding: PortBinding,
    destination: Destination,
    port: number,
    parts: readonly Uint8Array[],
    size: number,
    options: TransmitOptions,
  ): SystemErrorCode | null {
    return destination.kind === 'tunnel'
      ? this.#transmitter.transmit(binding, destination, port, parts, size, options)
      : this.#local.send(binding, destination, port, parts, size);
  }

  /** Reports that the reply to an opportunistic send has come; whether that confirmed the path. */
  reportReply(send: number): boolean {
    return this.#transmitter.reportReply(send);
  }

  /** Sends an echo request, whose exchange lets both sides search for a direct path. */
  sendEcho(destination: Uint8Array): boolean {
    const source = this.addresses.sourceFor(destination, this.addresses.lanip);
    if (source === null) return false;
    this.remotes.sent(destination, 0);
    this.send(this.#icmp.buildEchoRequest(source, destination));
    return true;
  }

  override deliver(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#transmitter.isSubmitting || this.tcp.isSubmitting) return;
    if (!this.#receiver.receive(bytes, offset, length)) super.deliver(bytes, offset, length);
  }

  override flush(): void {
    super.flush();
    this.tcp.flush();
    this.#receiver.flush();
  }

  override close(): void {
    super.close();
    this.tcp.close();
    this.#receiver.clear();
  }

  #reply(packet: Uint8Array): void {
    if (packet.length > TUNNEL_MTU) this.#transmitter.sendSplit(packet, REPLY_OPTIONS);
    else this.send(packet);
  }

  #updateAddress(binding: PortBinding): void {
    const { place } = binding;
    if (place.kind !== 'address') return;
    binding.address = this.addresses.at(place.router, place.lanip);
  }
}

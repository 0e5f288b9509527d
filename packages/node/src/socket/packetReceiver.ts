import type { RemoteInfo } from 'node:dgram';
import {
  DESTINATION_OFFSET,
  findUdpHeader,
  ICMPV6_FIRST_INFORMATIONAL,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
  UDP_HEADER_LENGTH,
  UNREACHABLE_ADDRESS,
  UNREACHABLE_PORT,
} from '@6bed4/nd';
import { type AddressTextCache, remoteInfo } from './addressTextCache.js';
import type { IcmpResponder } from './icmpResponder.js';
import type { LayerCounters } from './layerCounters.js';
import type { OwnAddresses } from './ownAddresses.js';
import type { PortBinding } from './portBinding.js';
import type { PortTable } from './portTable.js';
import { refuseUdp, udpAt } from './udpPacket.js';

/** A message for a socket. */
interface Arrival {
  readonly binding: PortBinding;
  readonly message: Buffer;
  readonly from: RemoteInfo;
}

/** Options of {@link PacketReceiver}. */
export interface PacketReceiverOptions {
  readonly table: PortTable;
  readonly addresses: OwnAddresses;
  readonly texts: AddressTextCache;
  readonly counters: LayerCounters;
  readonly icmp: IcmpResponder;
  /** Sends a packet in reply. */
  readonly send: (packet: Uint8Array) => void;
}

/** The receive side: demultiplexes UDP packets to sockets, and handles ICMPv6. */
export class PacketReceiver {
  readonly #table: PortTable;
  readonly #addresses: OwnAddresses;
  readonly #texts: AddressTextCache;
  readonly #counters: LayerCounters;
  readonly #icmp: IcmpResponder;
  readonly #send: (packet: Uint8Array) => void;
  /** Everything that has to wait until the machine has finished. */
  readonly #arrivals: (Arrival | (() => void))[] = [];
  #nextArrival = 0;

  constructor(options: PacketReceiverOptions) {
    this.#table = options.table;
    this.#addresses = options.addresses;
    this.#texts = options.texts;
    this.#counters = options.counters;
    this.#icmp = options.icmp;
    this.#send = options.send;
  }

  /** Takes a packet out of the tunnel; false when it is for nobody here. */
  receive(bytes: Uint8Array, offset: number, length: number): boolean {
    const udp = findUdpHeader(bytes, offset, length);
    if (udp >= 0) {
      this.#receiveUdp(bytes, offset, length, udp);
      return true;
    }
    if (bytes[offset + NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6) {
      return this.#receiveIcmp(bytes, offset, length);
    }
    this.#counters.otherProtocol++;
    return false;
  }

  /** Passes on what was received, when the machine has finished. */
  flush(): void {
    const arrivals = this.#arrivals;
    while (this.#nextArrival < arrivals.length) {
      const arrival = arrivals[this.#nextArrival++]!;
      // An exception of a listener must not cause the same arrivals again.
      if (this.#nextArrival === arrivals.length) this.clear();
      if (typeof arrival === 'function') arrival();
      else arrival.binding.deliver(arrival.message, arrival.from);
    }
  }

  /** Drops what waits. */
  clear(): void {
    this.#arrivals.length = 0;
    this.#nextArrival = 0;
  }

  #receiveUdp(bytes: Uint8Array, offset: number, length: number, udp: number): void {
    const refused = refuseUdp(bytes, offset, length, udp);
    if (refused !== null) {
      this.#counters.badUdp++;
      return;
    }
    const destination = offset + DESTINATION_OFFSET;
    const source = offset + SOURCE_OFFSET;
    const lanip = this.#addresses.lanipOf(bytes, destination);
    const sourcePort = udpAt.sourcePort(bytes, udp);
    const binding = this.#table.find(
      bytes,
      destination,
      lanip,
      udpAt.destinationPort(bytes, udp),
      source,
      sourcePort,
    );
    if (binding === null) {
      this.#counters.noListener++;
      const code = this.#isInUse(lanip) ? UNREACHABLE_PORT : UNREACHABLE_ADDRESS;
      const error = this.#icmp.buildUnreachable(code, bytes, offset, length);
      if (error !== null) this.#arrivals.push(() => this.#send(error));
      return;
    }
    const start = udp + UDP_HEADER_LENGTH;
    const size = offset + length - start;
    const message = Buffer.allocUnsafe(size);
    message.set(bytes.subarray(start, start + size));
    const from = remoteInfo(this.#texts.textAt(bytes, source), sourcePort, size);
    this.#arrivals.push({ binding, message, from });
  }

  #receiveIcmp(bytes: Uint8Array, offset: number, length: number): boolean {
    const type = bytes[offset + IPV6_HEADER_LENGTH] ?? ICMPV6_FIRST_INFORMATIONAL;
    if (length > IPV6_HEADER_LENGTH && type < ICMPV6_FIRST_INFORMATIONAL) {
      return this.#receiveError(bytes, offset, length);
    }
    if (!this.#isInUse(this.#addresses.lanipOf(bytes, offset + DESTINATION_OFFSET))) return false;
    const reply = this.#icmp.handleEcho(bytes, offset, length);
    if (reply === null) return false;
    if (reply !== 'own-reply') this.#arrivals.push(() => this.#send(reply));
    return true;
  }

  #receiveError(bytes: Uint8Array, offset: number, length: number): boolean {
    const error = this.#icmp.readError(bytes, offset, length);
    const binding = error === null ? null : this.#findSender(error.invoking);
    if (error === null || binding === null) {
      this.#counters.errorsIgnored++;
      return false;
    }
    this.#arrivals.push(() => binding.reportError(error.code));
    return true;
  }

  /** The connected socket that sent the packet which an ICMPv6 error quotes, or null. */
  #findSender(invoking: Uint8Array): PortBinding | null {
    const udp = findUdpHeader(invoking, 0, invoking.length);
    if (udp < 0 || this.#addresses.find(invoking, SOURCE_OFFSET) === null) return null;
    const binding = this.#table.find(
      invoking,
      SOURCE_OFFSET,
      this.#addresses.lanipOf(invoking, SOURCE_OFFSET),
      udpAt.sourcePort(invoking, udp),
      DESTINATION_OFFSET,
      udpAt.destinationPort(invoking, udp),
    );
    return binding === null || binding.remote === null ? null : binding;
  }

  /** Whether an address of ours is in use: by the tunnel itself, or by a socket with its lanip. */
  #isInUse(lanip: number): boolean {
    return lanip === this.#addresses.lanip || this.#table.hasLanip(lanip);
  }
}

import {
  DESTINATION_OFFSET,
  EXCEEDED_REASSEMBLY_TIME,
  findTcpHeader,
  findUdpHeader,
  findUpperLayer,
  ICMPV6_FIRST_INFORMATIONAL,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  SOURCE_OFFSET,
  UDP_HEADER_LENGTH,
  UNREACHABLE_ADDRESS,
  UNREACHABLE_PORT,
} from '@6bed4/nd';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import type { SummedBytes } from '../drivers/ports/summedBytes.js';
import type { Timer, Timers } from '../environment/timers.js';
import type { TcpLayer } from '../tcp/tcpLayer.js';
import { type AddressTextCache, remoteInfo } from './addressTextCache.js';
import { ArrivalQueue } from './arrivalQueue.js';
import { Reassembler } from './fragments/reassembler.js';
import type { ErrorKind, IcmpResponder } from './icmpResponder.js';
import type { LayerCounters } from './layerCounters.js';
import { MessageBuffers } from './messageBuffers.js';
import type { OutboundRemotes } from './outboundRemotes.js';
import type { OwnAddresses } from './ownAddresses.js';
import type { PortBinding } from './portBinding.js';
import type { PortTable } from './portTable.js';
import { refuseUdp, udpAt } from './udpPacket.js';

/** Options of {@link PacketReceiver}. */
export interface PacketReceiverOptions {
  readonly table: PortTable;
  readonly addresses: OwnAddresses;
  readonly texts: AddressTextCache;
  readonly counters: LayerCounters;
  readonly icmp: IcmpResponder;
  readonly remotes: OutboundRemotes;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly tcp: TcpLayer;
  /** Sends a packet in reply. */
  readonly send: (packet: Uint8Array) => void;
  /** Takes a reassembled packet that is for nobody here. */
  readonly pass: (packet: Uint8Array) => void;
}

/** The receive side: demultiplexes UDP packets to sockets, and handles ICMPv6. */
export class PacketReceiver {
  readonly #table: PortTable;
  readonly #addresses: OwnAddresses;
  readonly #texts: AddressTextCache;
  readonly #counters: LayerCounters;
  readonly #icmp: IcmpResponder;
  readonly #clock: () => number;
  readonly #timers: Timers;
  readonly #send: (packet: Uint8Array) => void;
  readonly #pass: (packet: Uint8Array) => void;
  readonly #tcp: TcpLayer;
  readonly #reassembler: Reassembler;
  #expiry: Timer | null = null;
  /** Packets that wait until the machine has finished. */
  readonly #replies: Uint8Array[] = [];
  readonly #arrivals = new ArrivalQueue();
  readonly #messages = new MessageBuffers();
  /** Where packets usually are. */
  #memory: SummedBytes | null = null;

  constructor(options: PacketReceiverOptions) {
    this.#table = options.table;
    this.#addresses = options.addresses;
    this.#texts = options.texts;
    this.#counters = options.counters;
    this.#icmp = options.icmp;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#send = options.send;
    this.#pass = options.pass;
    this.#tcp = options.tcp;
    this.#reassembler = new Reassembler(options.counters, (bytes, source) =>
      options.remotes.has(bytes, source),
    );
  }

  /** Takes a packet out of the tunnel; false when it is for nobody here. */
  receive(bytes: Uint8Array, offset: number, length: number): boolean {
    const udp = findUdpHeader(bytes, offset, length);
    if (udp >= 0) {
      this.#receiveUdp(bytes, offset, length, udp);
      return true;
    }
    const next = bytes[offset + NEXT_HEADER_OFFSET];
    if (next === NEXT_HEADER_TCP) {
      this.#receiveTcp(bytes, offset, length, offset + IPV6_HEADER_LENGTH);
      return true;
    }
    if (next === NEXT_HEADER_ICMPV6) {
      return this.#receiveIcmp(bytes, offset, length);
    }
    if (Reassembler.isFragment(bytes, offset, length)) {
      this.#receiveFragment(bytes, offset, length);
      return true;
    }
    return this.#receiveOther(bytes, offset, length);
  }

  /** Sets the port that all packets come through; before any does. */
  attach(port: DatagramPort | undefined): void {
    this.#arrivals.attach(port);
    this.#memory = port?.memory ?? null;
  }

  /** Sends and passes on what was caused meanwhile, when the machine has finished. */
  flush(): void {
    while (this.#replies.length > 0) this.#send(this.#replies.shift()!);
    this.#arrivals.flush();
  }

  /** Drops what waits. */
  clear(): void {
    this.#replies.length = 0;
    this.#arrivals.clear();
    this.#reassembler.clear();
    this.#awaitExpiry();
  }

  #receiveUdp(bytes: Uint8Array, offset: number, length: number, udp: number): void {
    const refused = refuseUdp(bytes, offset, length, udp, this.#memory);
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
      this.#refuse({ type: 'destination-unreachable', code }, bytes, offset, length);
      return;
    }
    const start = udp + UDP_HEADER_LENGTH;
    const size = offset + length - start;
    const message = this.#messages.copy(bytes, start, size);
    const from = remoteInfo(this.#texts.textAt(bytes, source), sourcePort, size);
    this.#arrivals.push({ binding, message, from });
  }

  #receiveOther(bytes: Uint8Array, offset: number, length: number): boolean {
    const upper = findTcpHeader(bytes, offset, length);
    if (upper >= 0) this.#receiveTcp(bytes, offset, length, upper);
    else this.#counters.otherProtocol++;
    return upper >= 0;
  }

  #receiveTcp(bytes: Uint8Array, offset: number, length: number, upper: number): void {
    const lanip = this.#addresses.lanipOf(bytes, offset + DESTINATION_OFFSET);
    if (this.#isInUse(lanip) || this.#tcp.hasLanip(lanip)) {
      this.#tcp.receive(bytes, offset, length, upper);
      return;
    }
    this.#counters.noListener++;
    const kind = { type: 'destination-unreachable', code: UNREACHABLE_ADDRESS } as const;
    this.#refuse(kind, bytes, offset, length);
  }

  #receiveFragment(bytes: Uint8Array, offset: number, length: number): void {
    const lanip = this.#addresses.lanipOf(bytes, offset + DESTINATION_OFFSET);
    if (!this.#isInUse(lanip)) {
      this.#counters.noListener++;
      const kind = { type: 'destination-unreachable', code: UNREACHABLE_ADDRESS } as const;
      this.#refuse(kind, bytes, offset, length);
      return;
    }
    const reassembler = this.#reassembler;
    const taken = reassembler.take(bytes, offset, length, this.#clock());
    this.#awaitExpiry();
    if (taken instanceof Uint8Array) this.#receiveReassembled(taken);
    else if (taken !== null) {
      this.#refuse({ type: 'parameter-problem', ...taken }, bytes, offset, length);
    }
  }

  #receiveReassembled(packet: Uint8Array): void {
    const { length } = packet;
    const udp = findUdpHeader(packet, 0, length);
    if (udp >= 0) {
      this.#receiveUdp(packet, 0, length, udp);
      return;
    }
    const isIcmp = packet[NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6;
    if (isIcmp && this.#receiveIcmp(packet, 0, length)) return;
    if (!this.#receiveOther(packet, 0, length)) this.#pass(packet);
  }

  /** Sets the timer for the packets that wait for fragments. */
  #awaitExpiry(): void {
    const { expiresAt } = this.#reassembler;
    if (this.#expiry !== null && expiresAt !== Number.POSITIVE_INFINITY) return;
    if (this.#expiry !== null) this.#timers.clearTimeout(this.#expiry);
    this.#expiry = null;
    if (expiresAt === Number.POSITIVE_INFINITY) return;
    const delay = Math.max(1, expiresAt - this.#clock());
    this.#expiry = this.#timers.setTimeout(this.#expire, delay);
    this.#expiry.unref();
  }

  readonly #expire = (): void => {
    this.#expiry = null;
    for (const first of this.#reassembler.expire(this.#clock())) {
      this.#refuse(
        { type: 'time-exceeded', code: EXCEEDED_REASSEMBLY_TIME },
        first,
        0,
        first.length,
      );
    }
    this.#awaitExpiry();
    this.flush();
  };

  /** Replies with an error, if that is allowed. */
  #refuse(kind: ErrorKind, bytes: Uint8Array, offset: number, length: number): void {
    const error = this.#icmp.buildError(kind, bytes, offset, length);
    if (error !== null) this.#replies.push(error);
  }

  #receiveIcmp(bytes: Uint8Array, offset: number, length: number): boolean {
    const type = bytes[offset + IPV6_HEADER_LENGTH] ?? ICMPV6_FIRST_INFORMATIONAL;
    if (length > IPV6_HEADER_LENGTH && type < ICMPV6_FIRST_INFORMATIONAL) {
      return this.#receiveError(bytes, offset, length);
    }
    if (!this.#isInUse(this.#addresses.lanipOf(bytes, offset + DESTINATION_OFFSET))) return false;
    const reply = this.#icmp.handleEcho(bytes, offset, length);
    if (reply === null) return false;
    if (reply !== 'own-reply') this.#replies.push(reply);
    return true;
  }

  #receiveError(bytes: Uint8Array, offset: number, length: number): boolean {
    if (this.#tcp.receiveError(bytes, offset, length)) return true;
    const error = this.#icmp.readError(bytes, offset, length);
    const binding = error === null ? null : this.#findSender(error.invoking);
    if (error === null || binding === null) {
      this.#counters.errorsIgnored++;
      return false;
    }
    this.#arrivals.push({ binding, error: error.code });
    return true;
  }

  /** The connected socket that sent the packet which an ICMPv6 error quotes, or null. */
  #findSender(invoking: Uint8Array): PortBinding | null {
    // The packet may be the first of several fragments.
    const upper = findUpperLayer(invoking, 0, invoking.length);
    const isUdp =
      upper?.nextHeader === NEXT_HEADER_UDP && upper.offset + UDP_HEADER_LENGTH <= invoking.length;
    if (!isUdp || this.#addresses.find(invoking, SOURCE_OFFSET) === null) return null;
    const binding = this.#table.find(
      invoking,
      SOURCE_OFFSET,
      this.#addresses.lanipOf(invoking, SOURCE_OFFSET),
      udpAt.sourcePort(invoking, upper.offset),
      DESTINATION_OFFSET,
      udpAt.destinationPort(invoking, upper.offset),
    );
    return binding === null || binding.remote === null ? null : binding;
  }

  /** Whether an address of ours is in use: by the tunnel itself, or by a socket with its lanip. */
  #isInUse(lanip: number): boolean {
    return lanip === this.#addresses.lanip || this.#table.hasLanip(lanip);
  }
}

import type { RemoteInfo } from 'node:dgram';
import {
  DESTINATION_OFFSET,
  ICMPV6_FIRST_INFORMATIONAL,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import type { DropReason, Peer, PolicyName } from '@6bed4/tunnel';
import type { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import { ApplicationPort } from '../drivers/ports/applicationPort.js';
import { AddressTexts } from './addressTexts.js';
import { Binding, type BoundPlace, LOOPBACK_LANIP, type Receiver } from './binding.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { Flow } from './flow.js';
import { IcmpResponder } from './icmpResponder.js';
import { LayerCounters } from './layerCounters.js';
import type { OwnAddresses } from './ownAddresses.js';
import { PortTable } from './portTable.js';
import {
  findUdp,
  LARGEST_PAYLOAD,
  PAIR_DESTINATION,
  PAYLOAD_OFFSET,
  PacketBuffer,
  refuseUdp,
  UDP_HEADER_LENGTH,
  udpAt,
  writeUdpHeaders,
} from './udpPacket.js';

/** What UDP can carry at all, within one process too. */
const LARGEST_LOCAL_PAYLOAD = 0xffff - UDP_HEADER_LENGTH;
/** `ICMPv6 unreachable` codes (RFC 4443 §3.1). */
const ADDRESS_UNREACHABLE = 3;
const PORT_UNREACHABLE = 4;

/** How a datagram is to travel. */
export interface Sending {
  readonly policy: PolicyName;
  readonly hopLimit: number;
  /** Sends straight, and tells how an answer is reported; see `Peer.handlePlayfulPacket`. */
  readonly played?: (play: number) => void;
}

/** A message on its way to a socket. */
interface Arrival {
  readonly binding: Binding;
  readonly message: Buffer;
  readonly from: RemoteInfo;
}

/** UDP and what belongs to it, between the peer of a tunnel and the sockets of a program. */
export class SocketLayer extends ApplicationPort {
  readonly addresses: OwnAddresses;
  readonly counters = new LayerCounters();
  readonly #table: PortTable;
  readonly #icmp: IcmpResponder;
  readonly #texts = new AddressTexts();
  /** The packet at hand; written over for each. */
  readonly #buffer = new PacketBuffer();
  readonly #packet = this.#buffer.bytes;
  #length = 0;
  #policy: PolicyName = 'proper';
  /** While the machine takes a packet of ours, it can only deliver its own error about that. */
  #isTransmitting = false;
  /** What has arrived and waits for the machine to finish. */
  readonly #arrivals: (Arrival | (() => void))[] = [];
  #nextArrival = 0;
  /** What sockets of this tunnel sent to each other. */
  #local: (() => void)[] = [];
  #carrier: PortablePeerDriver | null = null;

  constructor(
    onPacket: (packet: Uint8Array) => void,
    addresses: OwnAddresses,
    random: () => number,
    clock: () => number,
  ) {
    super(onPacket);
    this.addresses = addresses;
    this.#table = new PortTable(random);
    this.#icmp = new IcmpResponder(random, clock, this.counters);
  }

  /** Tells what carries the packets; before anything is sent. */
  attach(carrier: PortablePeerDriver): void {
    this.#carrier = carrier;
  }

  /** What waits in the tunnel's own UDP socket. */
  get queued(): { readonly datagrams: number; readonly bytes: number } {
    return this.#carrier?.datagrams.waiting ?? { datagrams: 0, bytes: 0 };
  }

  // Ports

  /**
   * Takes a port for a socket.
   *
   * @param port - 0 for any free one
   * @returns an error code where it cannot be had
   */
  bind(
    receiver: Receiver,
    place: BoundPlace,
    port: number,
    mayShare: boolean,
    capacity: number,
  ): Binding | SystemErrorCode {
    const chosen = port === 0 ? this.#table.freePort(place) : port;
    if (chosen === 0 || this.#table.isTaken(place, chosen, mayShare)) return 'EADDRINUSE';
    const binding = new Binding(receiver, place, chosen, mayShare, capacity);
    this.#locate(binding);
    this.#table.add(binding);
    return binding;
  }

  /** Gives the port back. */
  release(binding: Binding): void {
    binding.isOpen = false;
    this.#table.remove(binding);
    this.counters.closed(binding.counters);
  }

  /** Sockets follow when routers give other addresses. */
  addressesChanged(): void {
    for (const binding of this.#table) this.#locate(binding);
  }

  /** The counters of the sockets that are bound. */
  *socketCounters(): IterableIterator<Binding['counters']> {
    for (const { counters } of this.#table) yield counters;
  }

  #locate(binding: Binding): void {
    const { place } = binding;
    if (place.kind !== 'address') return;
    binding.address = this.addresses.at(place.router, place.lanip);
  }

  // Out

  /**
   * Sends a datagram.
   *
   * @param size - bytes of all parts
   * @returns an error code when it could not be sent
   */
  transmit(
    binding: Binding,
    flow: Flow,
    port: number,
    parts: readonly Uint8Array[],
    size: number,
    sending: Sending,
  ): SystemErrorCode | null {
    if (flow.kind !== 'tunnel') return this.#transmitHere(binding, flow, port, parts, size);
    if (size > LARGEST_PAYLOAD) return 'EMSGSIZE';
    const packet = this.#packet;
    let at = PAYLOAD_OFFSET;
    for (let index = 0; index < parts.length; index++) {
      packet.set(parts[index]!, at);
      at += parts[index]!.length;
    }
    this.#length = writeUdpHeaders(
      this.#buffer,
      flow.pair,
      binding.port,
      port,
      sending.hopLimit,
      size,
    );
    const { counters } = binding;
    const failure = this.#hand(sending);
    if (failure === null) {
      counters.datagramsSent++;
      counters.bytesSent += size;
    }
    return failure;
  }

  /** The most that fits into one datagram of a flow. */
  largestPayload(flow: Flow): number {
    return flow.kind === 'tunnel' ? LARGEST_PAYLOAD : LARGEST_LOCAL_PAYLOAD;
  }

  /** The application received the answer to a play. */
  reportAnswer(play: number): boolean {
    return this.#carrier!.run((peer, now) => peer.reportAnswer(play, now)) ?? false;
  }

  /** Asks a node for a sign of life, which lets direct paths be found both ways. */
  sendEcho(destination: Uint8Array): boolean {
    const source = this.addresses.sourceFor(destination, this.addresses.lanip);
    if (source === null) return false;
    this.send(this.#icmp.buildEchoRequest(source, destination));
    return true;
  }

  #hand(sending: Sending): SystemErrorCode | null {
    const carrier = this.#carrier!;
    const { policy, played } = sending;
    if (carrier.isBusy) {
      // The buffer is ours again when this returns, but the machine is not free before.
      const copy = this.#packet.slice(0, this.#length);
      carrier.run((peer, now) => peer.handlePacketBy(policy, copy, 0, copy.length, now));
      return null;
    }
    this.#policy = policy;
    if (played === undefined) return errorFor(carrier.run(this.#give));
    const play = carrier.run(this.#givePlayful);
    if (typeof play === 'number') {
      played(play);
      return null;
    }
    return errorFor(play);
  }

  readonly #give = (peer: Peer, now: number): DropReason | null => {
    this.#isTransmitting = true;
    try {
      return peer.handlePacketBy(this.#policy, this.#packet, 0, this.#length, now);
    } finally {
      this.#isTransmitting = false;
    }
  };

  readonly #givePlayful = (peer: Peer, now: number): number | DropReason | null => {
    // There, a policy in the packet says the same, and the remote's flag is the proof.
    if (peer.peering !== 'neighbor-discovery') {
      this.#policy = peer.peering === 'probe-and-seen' ? 'presumptuous' : this.#policy;
      return this.#give(peer, now);
    }
    this.#isTransmitting = true;
    try {
      return peer.handlePlayfulPacket(this.#packet, 0, this.#length, now);
    } finally {
      this.#isTransmitting = false;
    }
  };

  /** Hands a datagram to sockets of this tunnel, in a later turn of the event loop. */
  #transmitHere(
    sender: Binding,
    { kind, pair, text }: Flow,
    port: number,
    parts: readonly Uint8Array[],
    size: number,
  ): SystemErrorCode | null {
    if (size > LARGEST_LOCAL_PAYLOAD) return 'EMSGSIZE';
    sender.counters.datagramsSent++;
    sender.counters.bytesSent += size;
    const { bytes } = pair;
    if (kind === 'group') {
      for (const member of this.#table.members(text, port)) {
        if (member === sender && !sender.hearsItself) continue;
        this.#pass(sender, member, bytes, parts, size);
      }
      return null;
    }
    const lanip = this.addresses.find(bytes, PAIR_DESTINATION)?.lanip ?? LOOPBACK_LANIP;
    const receiver = this.#table.find(bytes, PAIR_DESTINATION, lanip, port, 0, sender.port);
    if (receiver !== null) {
      this.#pass(sender, receiver, bytes, parts, size);
    } else if (sender.remote !== null) {
      this.#later(() => report(sender, 'ECONNREFUSED'));
    }
    return null;
  }

  #pass(
    sender: Binding,
    receiver: Binding,
    source: Uint8Array,
    parts: readonly Uint8Array[],
    size: number,
  ): void {
    if (receiver.waiting + size > receiver.capacity) {
      receiver.counters.receiveDrops++;
      return;
    }
    receiver.waiting += size;
    const message = Buffer.concat(parts, size);
    const from = addressInfo(this.#texts.textAt(source, 0), sender.port, size);
    this.#later(() => {
      receiver.waiting -= size;
      hand({ binding: receiver, message, from });
    });
  }

  #later(action: () => void): void {
    this.#local.push(action);
    if (this.#local.length === 1) setImmediate(this.#runLocal);
  }

  readonly #runLocal = (): void => {
    const actions = this.#local;
    this.#local = [];
    for (let index = 0; index < actions.length; index++) {
      try {
        actions[index]!();
      } catch (error) {
        // What a listener throws must not cost others their messages.
        const rest = actions.slice(index + 1);
        this.#local.unshift(...rest);
        if (this.#local.length === rest.length && rest.length > 0) setImmediate(this.#runLocal);
        throw error;
      }
    }
  };

  // In

  override deliver(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#isTransmitting) return;
    const udp = findUdp(bytes, offset, length);
    if (udp >= 0) this.#udpArrived(bytes, offset, length, udp);
    else if (bytes[offset + NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6) {
      this.#icmpArrived(bytes, offset, length);
    } else {
      this.counters.otherProtocol++;
      super.deliver(bytes, offset, length);
    }
  }

  override flush(): void {
    super.flush();
    const arrivals = this.#arrivals;
    while (this.#nextArrival < arrivals.length) {
      const arrival = arrivals[this.#nextArrival++]!;
      // What a listener throws must not bring the same again.
      if (this.#nextArrival === arrivals.length) {
        arrivals.length = 0;
        this.#nextArrival = 0;
      }
      if (typeof arrival === 'function') arrival();
      else hand(arrival);
    }
  }

  override close(): void {
    super.close();
    this.#arrivals.length = 0;
    this.#nextArrival = 0;
  }

  #udpArrived(bytes: Uint8Array, offset: number, length: number, udp: number): void {
    const refused = refuseUdp(bytes, offset, length, udp);
    if (refused !== null) {
      this.counters.badUdp++;
      return;
    }
    const destination = offset + DESTINATION_OFFSET;
    const source = offset + SOURCE_OFFSET;
    const lanip = this.addresses.lanipOf(bytes, destination);
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
      this.counters.noListener++;
      const code = this.#isInUse(lanip) ? PORT_UNREACHABLE : ADDRESS_UNREACHABLE;
      const error = this.#icmp.buildUnreachable(code, bytes, offset, length);
      if (error !== null) this.#arrivals.push(() => this.send(error));
      return;
    }
    const start = udp + UDP_HEADER_LENGTH;
    const size = offset + length - start;
    const message = Buffer.allocUnsafe(size);
    message.set(bytes.subarray(start, start + size));
    const from = addressInfo(this.#texts.textAt(bytes, source), sourcePort, size);
    this.#arrivals.push({ binding, message, from });
  }

  #icmpArrived(bytes: Uint8Array, offset: number, length: number): void {
    const type = bytes[offset + IPV6_HEADER_LENGTH] ?? ICMPV6_FIRST_INFORMATIONAL;
    if (length > IPV6_HEADER_LENGTH && type < ICMPV6_FIRST_INFORMATIONAL) {
      const error = this.#icmp.readError(bytes, offset, length);
      if (error !== null) {
        const { invoking, code } = error;
        const binding = this.#senderOf(invoking);
        if (binding !== null) {
          this.#arrivals.push(() => report(binding, code));
          return;
        }
      }
      this.counters.errorsIgnored++;
    } else if (this.#isInUse(this.addresses.lanipOf(bytes, offset + DESTINATION_OFFSET))) {
      const answer = this.#icmp.answerEcho(bytes, offset, length);
      if (answer === 'taken') return;
      if (answer !== null) {
        this.#arrivals.push(() => this.send(answer));
        return;
      }
    }
    super.deliver(bytes, offset, length);
  }

  /** The connected socket that sent what an ICMPv6 error quotes, if one did. */
  #senderOf(invoking: Uint8Array): Binding | null {
    const udp = findUdp(invoking, 0, invoking.length);
    if (udp < 0 || this.addresses.find(invoking, SOURCE_OFFSET) === null) return null;
    const binding = this.#table.find(
      invoking,
      SOURCE_OFFSET,
      this.addresses.lanipOf(invoking, SOURCE_OFFSET),
      udpAt.sourcePort(invoking, udp),
      DESTINATION_OFFSET,
      udpAt.destinationPort(invoking, udp),
    );
    return binding === null || binding.remote === null ? null : binding;
  }

  /** Whether somebody is at one of our addresses: the tunnel itself, or a socket that took it. */
  #isInUse(lanip: number): boolean {
    return lanip === this.addresses.lanip || this.#table.hasLanip(lanip);
  }
}

function addressInfo(address: string, port: number, size: number): RemoteInfo {
  return { address, family: 'IPv6', port, size };
}

function hand({ binding, message, from }: Arrival): void {
  if (!binding.isOpen) return;
  binding.counters.datagramsReceived++;
  binding.counters.bytesReceived += message.length;
  binding.receiver.received(message, from);
}

function report(binding: Binding, code: SystemErrorCode): void {
  if (!binding.isOpen || binding.remote === null) return;
  binding.counters.errorsReported++;
  binding.receiver.refused(code);
}

/** What a drop of our own packet means to who sent it; undefined is what a closed tunnel answers. */
function errorFor(drop: DropReason | null | undefined): SystemErrorCode | null {
  switch (drop) {
    // A packet that has no hop left was sent, as far as its sender can tell.
    case null:
    case 'hop-limit-exceeded':
      return null;
    case 'too-big':
      return 'EMSGSIZE';
    case 'no-direct-path':
      return 'EHOSTUNREACH';
    case 'source-not-allowed':
      return 'EADDRNOTAVAIL';
    default:
      return 'ENETUNREACH';
  }
}

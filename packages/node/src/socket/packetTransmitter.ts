import type { DropReason, Peer, PolicyName } from '@6bed4/tunnel';
import type { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import { outboundBytes, ScriptSummedBytes } from '../drivers/ports/summedBytes.js';
import { policyNames } from './checkPolicy.js';
import type { Destination } from './destinationCache.js';
import type { SystemErrorCode } from './dgramErrors.js';
import { splitPacket } from './fragments/splitPacket.js';
import type { LayerCounters } from './layerCounters.js';
import type { PortBinding } from './portBinding.js';
import {
  MAX_PACKET_PAYLOAD,
  MAX_PAYLOAD,
  PAYLOAD_OFFSET,
  PacketBuffer,
  writeUdpHeaders,
} from './udpPacket.js';

/** Options of one datagram. */
export interface TransmitOptions {
  readonly policy: PolicyName;
  readonly hopLimit: number;
  /** Sends opportunistically what needs no fragments, and is called with the number for {@link PacketTransmitter.reportReply}. */
  readonly onOpportunistic?: (send: number) => void;
}

type Submit<T> = (peer: Peer, now: number) => T;

/** The transmit side: builds UDP packets and submits them to the peer of the tunnel. */
export class PacketTransmitter {
  /** The packet being sent; overwritten by the next one. */
  readonly #packet = new PacketBuffer(outboundBytes());
  /** Prepared, because a function made for each packet is garbage. */
  readonly #submitBy: Readonly<Record<PolicyName, Submit<DropReason | null>>>;
  readonly #random: () => number;
  readonly #counters: LayerCounters;
  /** A datagram that is too large for one packet. */
  #large: PacketBuffer | null = null;
  #driver: PortablePeerDriver | null = null;
  #isSubmitting = false;

  /** @param random - unpredictable numbers in [0, 1) */
  constructor(random: () => number, counters: LayerCounters) {
    this.#random = random;
    this.#counters = counters;
    const entries = policyNames.map((policy) => [policy, this.#submitter(policy)]);
    this.#submitBy = Object.fromEntries(entries);
  }

  /** Sets the driver of the peer; before anything is sent. */
  attach(driver: PortablePeerDriver): void {
    this.#driver = driver;
  }

  /** Datagrams and bytes that wait in the UDP socket of the tunnel. */
  get queued(): { readonly datagrams: number; readonly bytes: number } {
    return this.#driver?.datagrams.waiting ?? { datagrams: 0, bytes: 0 };
  }

  /**
   * Whether the peer is taking a packet from here. All that it can deliver meanwhile is its own ICMPv6
   * error about that packet, and the error code of {@link transmit} reports the same.
   */
  get isSubmitting(): boolean {
    return this.#isSubmitting;
  }

  /**
   * Sends a datagram through the tunnel.
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
    const isLarge = size > MAX_PACKET_PAYLOAD;
    if (isLarge && size > MAX_PAYLOAD) return 'EMSGSIZE';
    const packet = isLarge ? this.#largePacket() : this.#packet;
    let at = PAYLOAD_OFFSET;
    for (let index = 0; index < parts.length; index++) {
      packet.bytes.set(parts[index]!, at);
      at += parts[index]!.length;
    }
    writeUdpHeaders(packet, destination.pair, binding.port, port, options.hopLimit, size);
    const failure = isLarge
      ? this.sendSplit(packet.bytes.subarray(0, packet.length), options)
      : this.#submit(options);
    if (failure === null) {
      binding.counters.datagramsSent++;
      binding.counters.bytesSent += size;
    }
    return failure;
  }

  /**
   * Sends a packet that is too large for the tunnel in fragments, by the same policy each, and none of them
   * opportunistically.
   *
   * @returns an error code when one could not be sent
   */
  sendSplit(packet: Uint8Array, { policy, hopLimit }: TransmitOptions): SystemErrorCode | null {
    return splitPacket(packet, this.#random, this.#packet, () => {
      const failure = this.#submit({ policy, hopLimit });
      if (failure === null) this.#counters.fragmentsSent++;
      return failure;
    });
  }

  /** Reports that the reply to an opportunistic send has come; whether that confirmed the path. */
  reportReply(send: number): boolean {
    return this.#driver!.reportReply(send);
  }

  #largePacket(): PacketBuffer {
    this.#large ??= new PacketBuffer(new ScriptSummedBytes(PAYLOAD_OFFSET + MAX_PAYLOAD));
    return this.#large;
  }

  #submit({ policy, onOpportunistic }: TransmitOptions): SystemErrorCode | null {
    const driver = this.#driver!;
    if (driver.isBusy) {
      // The buffer is reused when this returns, but the machine is not free before.
      const { bytes, length } = this.#packet;
      const copy = bytes.slice(0, length);
      driver.run((peer, now) => peer.handlePacketBy(policy, copy, 0, copy.length, now));
      return null;
    }
    if (onOpportunistic === undefined) return errorFor(driver.run(this.#submitBy[policy]));
    const send = driver.run((peer, now) => this.#submitOpportunistically(peer, policy, now));
    if (typeof send !== 'number') return errorFor(send);
    onOpportunistic(send);
    return null;
  }

  #submitter(policy: PolicyName): Submit<DropReason | null> {
    const packet = this.#packet;
    return (peer, now) => {
      this.#isSubmitting = true;
      try {
        return peer.handlePacketBy(policy, packet.bytes, 0, packet.length, now);
      } finally {
        this.#isSubmitting = false;
      }
    };
  }

  #submitOpportunistically(
    peer: Peer,
    policy: PolicyName,
    now: number,
  ): number | DropReason | null {
    const { opportunisticSends } = peer;
    if (opportunisticSends === 'presumptuous') return this.#submitBy.presumptuous(peer, now);
    if (opportunisticSends === 'none') return this.#submitBy[policy](peer, now);
    this.#isSubmitting = true;
    try {
      const { bytes, length } = this.#packet;
      return peer.handleOpportunisticPacket(bytes, 0, length, now);
    } finally {
      this.#isSubmitting = false;
    }
  }
}

/** The error that a drop of an own packet is to its sender; undefined comes from a closed tunnel. */
function errorFor(drop: DropReason | null | undefined): SystemErrorCode | null {
  switch (drop) {
    // A packet whose hop limit was exceeded was sent, as far as its sender can tell.
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

import { UdpEndpoint } from '@6bed4/codec';
import { refuseFrame } from '../packet/frameFilter.js';
import { IcmpErrors } from '../packet/icmpErrors.js';
import { tosOf } from '../packet/trafficClass.js';
import { Counters } from '../report/counters.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { TunnelEvent } from '../report/events.js';
import { type Machine, ReentrancyGuard, type TunnelSink } from './machine.js';

/** What router and peer have in common: the way in, the way out, and the count of both. */
export abstract class MachineCore implements Machine {
  readonly counters: Counters = new Counters();

  /** @internal Where the datagram at hand came from; written over for each. */
  protected readonly from = new UdpEndpoint();

  readonly #sink: TunnelSink;
  readonly #errors: IcmpErrors;
  readonly #guard = new ReentrancyGuard();

  /** @internal */
  protected constructor(sink: TunnelSink, random: () => number, limiterBuckets?: number) {
    this.#sink = sink;
    this.#errors = new IcmpErrors(random, limiterBuckets);
  }

  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void {
    this.#guard.enter();
    try {
      this.counters.datagramReceived(length);
      this.from.address = address;
      this.from.port = port;
      if (length === 0) {
        this.counters.keepaliveReceived();
        this.emptyDatagram(now);
        return;
      }
      let drop = refuseFrame(bytes, offset, length);
      if (drop === Drop.none) drop = this.fromTunnel(bytes, offset, length, now);
      else if (drop === Drop.rohc) this.compressedFrame(bytes, offset, length, now);
      if (drop !== Drop.none) this.counters.dropped(drop);
    } finally {
      this.#guard.leave();
    }
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.takePacket(bytes, offset, length, now);
  }

  /** @internal As {@link handlePacket}; tells whether and why the packet was dropped. */
  protected takePacket(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    this.#guard.enter();
    try {
      this.counters.packetTaken(length);
      const malformed = refuseFrame(bytes, offset, length);
      const drop =
        malformed === Drop.none ? this.fromLocalSide(bytes, offset, length, now) : malformed;
      if (drop !== Drop.none) this.counters.dropped(drop);
      return drop;
    } finally {
      this.#guard.leave();
    }
  }

  abstract handleTimeout(now: number): void;

  abstract nextTimeout(): number;

  /** @internal An empty datagram arrived: a keepalive or, for a peer, a probe. */
  protected emptyDatagram(_now: number): void {}

  /** @internal A RoHC frame arrived, which is dropped (draft-03 §9). */
  protected compressedFrame(
    _bytes: Uint8Array,
    _offset: number,
    _length: number,
    _now: number,
  ): void {}

  /** @internal One whole IPv6 packet arrived in a datagram; tells whether and why it is dropped. */
  protected abstract fromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode;

  /** @internal The local side sends one whole IPv6 packet. */
  protected abstract fromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode;

  /** @internal Runs what may use the sink, outside of packets. */
  protected command(run: () => void): void {
    this.#guard.enter();
    try {
      run();
    } finally {
      this.#guard.leave();
    }
  }

  /** @internal Sends a datagram; `ttl` 0 is the system's default. */
  protected send(
    to: Readonly<UdpEndpoint>,
    bytes: Uint8Array,
    offset: number,
    length: number,
    ttl = 0,
  ): void {
    this.counters.datagramSent(length);
    const tos = length === 0 ? 0 : tosOf(bytes, offset);
    this.#sink.sendDatagram(bytes, offset, length, to, tos, ttl);
  }

  /** @internal Hands a packet to the local side. */
  protected deliver(bytes: Uint8Array, offset: number, length: number): void {
    this.counters.packetDelivered(length);
    this.#sink.deliverPacket(bytes, offset, length);
  }

  /** @internal Tells the user. */
  protected event(event: TunnelEvent): void {
    this.#sink.event(event);
  }

  /**
   * @internal Builds the ICMPv6 error about a dropped packet, where there is one to send now; see
   * {@link IcmpErrors.build}.
   */
  protected errorAbout(
    drop: DropCode,
    source: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    length: number,
    receiver: number,
    now: number,
  ): Uint8Array | null {
    const error = this.#errors.build(drop, source, bytes, offset, length, receiver, now);
    if (error !== 'withheld') return error;
    this.counters.answerWithheld();
    return null;
  }
}

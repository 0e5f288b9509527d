import type { UdpEndpoint } from '@6bed4/codec';
import { trafficClass } from '@6bed4/nd';
import { IcmpErrors } from '../packet/icmpErrors.js';
import { outerTos } from '../packet/outerTos.js';
import { Counters } from '../report/counters.js';
import type { DropCode } from '../report/drop.js';
import type { TunnelEvent } from '../report/events.js';
import type { TunnelSink } from './machine.js';

/** The way out of a machine: datagrams, packets, events and ICMPv6 errors, counted on the way. */
export class MachineOutput {
  readonly counters: Counters = new Counters();

  readonly #sink: TunnelSink;
  readonly #errors: IcmpErrors;

  readonly #tos: Uint8Array;

  /** @param maySpeakOfPeering - whether traffic classes have the meaning of draft-04 §6 */
  constructor(
    sink: TunnelSink,
    random: () => number,
    maySpeakOfPeering: boolean,
    limiterBuckets?: number,
  ) {
    this.#sink = sink;
    this.#tos = outerTos(maySpeakOfPeering);
    this.#errors = new IcmpErrors(random, limiterBuckets);
  }

  /** Sends a datagram; `ttl` 0 is the system's default. */
  send(
    to: Readonly<UdpEndpoint>,
    bytes: Uint8Array,
    offset: number,
    length: number,
    ttl = 0,
  ): void {
    this.counters.datagramSent(length);
    const tos = length === 0 ? 0 : this.#tos[trafficClass(bytes, offset)]!;
    this.#sink.sendDatagram(bytes, offset, length, to, tos, ttl);
  }

  /** Hands a packet to the local side. */
  deliver(bytes: Uint8Array, offset: number, length: number): void {
    this.counters.packetDelivered(length);
    this.#sink.deliverPacket(bytes, offset, length);
  }

  /** Reports an event to the user. */
  event(event: TunnelEvent): void {
    this.#sink.event(event);
  }

  /**
   * Builds the ICMPv6 error about a dropped packet, where there is one to send now; see
   * {@link IcmpErrors.build}.
   */
  errorAbout(
    drop: DropCode,
    source: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    length: number,
    receiver: number,
    now: number,
    port = 0,
  ): Uint8Array | null {
    const error = this.#errors.build(drop, source, bytes, offset, length, receiver, now, port);
    if (error !== 'withheld') return error;
    this.counters.answerWithheld();
    return null;
  }
}

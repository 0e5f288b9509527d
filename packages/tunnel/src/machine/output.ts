import type { UdpEndpoint } from '@6bed4/codec';
import { trafficClass } from '@6bed4/nd';
import { IcmpErrors } from '../packet/icmpErrors.js';
import { outerTos } from '../packet/outerTos.js';
import { Counters } from '../report/counters.js';
import type { DropCode } from '../report/drop.js';
import type { TunnelEvent } from '../report/events.js';
import type { TunnelSink } from './machine.js';
import { packetsIn } from './run.js';

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

  /** Sends the packets of a run, one behind the other, as {@link send} does each. */
  sendRun(
    to: Readonly<UdpEndpoint>,
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
  ): void {
    this.counters.datagramSent(length, packetsIn(length, size));
    const tos = this.#tos[trafficClass(bytes, offset)]!;
    const sink = this.#sink;
    if (sink.sendDatagrams !== undefined) {
      sink.sendDatagrams(bytes, offset, length, size, to, tos, 0);
      return;
    }
    for (let done = 0; done < length; done += size) {
      sink.sendDatagram(bytes, offset + done, Math.min(size, length - done), to, tos, 0);
    }
  }

  /** Hands the packets of a run to the local side. */
  deliverRun(bytes: Uint8Array, offset: number, length: number, size: number): void {
    this.counters.packetDelivered(length, packetsIn(length, size));
    const sink = this.#sink;
    if (sink.deliverPackets !== undefined) {
      sink.deliverPackets(bytes, offset, length, size);
      return;
    }
    for (let done = 0; done < length; done += size) {
      sink.deliverPacket(bytes, offset + done, Math.min(size, length - done));
    }
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

import type { UdpEndpoint } from '@6bed4/codec';
import type { Counters } from '../report/counters.js';
import type { TunnelEvent } from '../report/events.js';

/**
 * The demands of a machine on its driver, made synchronously while one of its `handle…` methods or
 * commands runs. Bytes may be used during the call only; a driver that keeps them copies them.
 */
export interface TunnelSink {
  /**
   * Send one UDP datagram.
   *
   * @param bytes - buffer that holds the payload
   * @param offset - where the payload starts in it
   * @param length - payload bytes; 0 for a keepalive
   * @param to - destination; written over for the next datagram
   * @param tos - IPv4 TOS byte that the datagram should carry (draft-01 §5.2, §6.3); ECN bits are 0
   * @param ttl - IPv4 TTL that it must carry, or 0 for the system's default. With {@link OPENING_TTL} and a
   * unicast destination, it must not arrive at the second hop, even if that is its destination: a driver
   * that can adds the IPv4 option which forbids that (RFC 791 §3.1, a timestamp option without room), and
   * one that cannot send with this TTL drops it.
   */
  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void;

  /**
   * Send several UDP datagrams that lie one behind the other and are alike but for their payload, as
   * {@link sendDatagram} would one by one. Without it, they are sent so.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   */
  sendDatagrams?(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void;

  /** Hand one IPv6 packet to the local side: the TUN interface or the application. */
  deliverPacket(bytes: Uint8Array, offset: number, length: number): void;

  /**
   * Hand several such packets to the local side that lie one behind the other, each of `size` bytes but the last,
   * which may be shorter. Without it, they are handed over one by one.
   */
  deliverPackets?(bytes: Uint8Array, offset: number, length: number, size: number): void;

  /** Report an event to the user. */
  event(event: TunnelEvent): void;
}

/**
 * A protocol machine without input, output, clock or randomness of its own. The contract of use, all
 * of it:
 *
 * 1. `now` is in milliseconds on one monotonic clock of any origin and never goes back.
 * 2. The machine owns `bytes` while a call lasts, and may change the hop limit, the traffic class,
 *    where draft-04 §7.8 allows it the source, where a router masquerades addresses and ports, also
 *    those of a packet that an ICMPv6 error quotes, and the checksums over them.
 * 3. The sink must not call the machine: keep what it says and act when the call has returned. A
 *    violation throws.
 * 4. After every call, read {@link Machine.nextTimeout}; call {@link Machine.handleTimeout} at that
 *    time or later. Calling it early or twice does no harm.
 */
export interface Machine {
  /**
   * A UDP datagram arrived.
   *
   * @param address - IPv4 source as uint32, or the same bits as int32, which is never boxed
   * @param port - UDP source port
   * @param now - milliseconds
   */
  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void;

  /** The local side sends an IPv6 packet; `now` in milliseconds. */
  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void;

  /** The time returned by {@link Machine.nextTimeout} has come; `now` in milliseconds. */
  handleTimeout(now: number): void;

  /**
   * The time at which {@link Machine.handleTimeout} has to be called, in milliseconds on the clock
   * of `now`; `Infinity` for never. Changes only by calls to the machine.
   */
  nextTimeout(): number;

  /** Counts of packets that passed and that were dropped, by reason; readable at any time. */
  readonly counters: Counters;
}

/** A machine that also takes several packets at a time, where they have the same header. */
export interface RunMachine extends Machine {
  /**
   * A run of UDP datagrams arrived from one source, one behind the other, as UDP_GRO hands them over. All that
   * the machine does is the same as with {@link Machine.handleDatagram} for each, but most of it is done once.
   *
   * Each datagram is one whole IPv6 packet; all have the same IPv6 header but for the payload length, and right
   * behind it UDP or TCP, without SYN and RST in its 20 bytes at least.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   */
  handleDatagrams(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    address: number,
    port: number,
    now: number,
  ): void;

  /**
   * The local side sends a run of IPv6 packets, as {@link handleDatagrams} describes it; the same as
   * {@link Machine.handlePacket} for each.
   */
  handlePackets(bytes: Uint8Array, offset: number, length: number, size: number, now: number): void;
}

/** Refuses calls from inside the machine's own sink (rule 3 of {@link Machine}). */
export class ReentrancyGuard {
  #busy = false;

  enter(): void {
    if (this.#busy) {
      throw new Error('the sink called back into its machine: act after the call has returned');
    }
    this.#busy = true;
  }

  leave(): void {
    this.#busy = false;
  }
}

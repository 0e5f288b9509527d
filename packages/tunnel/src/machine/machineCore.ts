import { type Dialect, UdpEndpoint } from '@6bed4/codec';
import { IPV6_HEADER_LENGTH } from '@6bed4/nd';
import { refuseFrame } from '../packet/frameFilter.js';
import { type SendIntent, USUAL_SEND } from '../peering/sendIntent.js';
import type { Counters } from '../report/counters.js';
import { Drop, type DropCode } from '../report/drop.js';
import { ReentrancyGuard, type RunMachine, type TunnelSink } from './machine.js';
import { MachineOutput } from './output.js';
import { packetsIn } from './run.js';

/**
 * Outcome of sending one packet, in one number: 0 when it was sent; positive, a `DropCode`, when it was
 * dropped; negative when it was sent opportunistically, with a number of the machine's that names it.
 */
export type SendOutcome = number;

/** What a machine has to know of its dialect before it looks into a frame. */
export type WireRules = Pick<Dialect, 'headerCompression' | 'shortFramesProbe' | 'trafficClass'>;

/** The parts that router and peer have in common: the way in, the way out, and the count of both. */
export abstract class MachineCore implements RunMachine {
  readonly counters: Counters;

  /** @internal The endpoint that the datagram at hand came from; written over for each. */
  protected readonly from = new UdpEndpoint();

  /** @internal */
  protected readonly output: MachineOutput;

  readonly #guard = new ReentrancyGuard();

  readonly #mayBeCompressed: boolean;
  /** Frames shorter than this are empty or probes. */
  readonly #leastLength: number;

  /** @internal */
  protected constructor(
    sink: TunnelSink,
    random: () => number,
    rules: WireRules,
    limiterBuckets?: number,
  ) {
    this.output = new MachineOutput(sink, random, rules.trafficClass === 'peering', limiterBuckets);
    this.#mayBeCompressed = rules.headerCompression;
    this.#leastLength = rules.shortFramesProbe ? IPV6_HEADER_LENGTH : 1;
    this.counters = this.output.counters;
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
      this.from.address = address;
      this.from.port = port;
      this.#takeDatagram(bytes, offset, length, now);
    } finally {
      this.#guard.leave();
    }
  }

  handleDatagrams(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    address: number,
    port: number,
    now: number,
  ): void {
    this.#guard.enter();
    try {
      this.from.address = address;
      this.from.port = port;
      const end = offset + length;
      for (let at = offset; at < end; at += size) {
        const drop = this.#takeDatagram(bytes, at, Math.min(size, end - at), now);
        const next = at + size;
        const left = end - next;
        if (drop !== Drop.none || left <= 0) continue;
        if (!this.repeatFromTunnel(bytes, next, left, size, now)) continue;
        this.counters.datagramReceived(left, packetsIn(left, size));
        return;
      }
    } finally {
      this.#guard.leave();
    }
  }

  #takeDatagram(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    this.counters.datagramReceived(length);
    if (length < this.#leastLength) {
      this.counters.keepaliveReceived();
      this.emptyDatagram(now);
      return Drop.none;
    }
    let drop = refuseFrame(bytes, offset, length, this.#mayBeCompressed);
    if (drop === Drop.none) drop = this.fromTunnel(bytes, offset, length, now);
    else if (drop === Drop.rohc) this.compressedFrame(bytes, offset, length, now);
    if (drop !== Drop.none) this.counters.dropped(drop);
    return drop;
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.takePacket(bytes, offset, length, now, USUAL_SEND);
  }

  handlePackets(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    now: number,
  ): void {
    const end = offset + length;
    for (let at = offset; at < end; at += size) {
      const outcome = this.takePacket(bytes, at, Math.min(size, end - at), now, USUAL_SEND);
      const next = at + size;
      if (outcome === Drop.none && next < end && this.#repeat(bytes, next, end, size, now)) return;
    }
  }

  #repeat(bytes: Uint8Array, offset: number, end: number, size: number, now: number): boolean {
    const length = end - offset;
    this.#guard.enter();
    try {
      if (!this.repeatFromLocalSide(bytes, offset, length, size, now)) return false;
      this.counters.packetTaken(length, packetsIn(length, size));
      return true;
    } finally {
      this.#guard.leave();
    }
  }

  /** @internal As {@link handlePacket}, with what its sender wants; returns what became of it. */
  protected takePacket(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
    intent: SendIntent,
  ): SendOutcome {
    this.#guard.enter();
    try {
      this.counters.packetTaken(length);
      const malformed = refuseFrame(bytes, offset, length, false);
      const outcome =
        malformed === Drop.none
          ? this.fromLocalSide(bytes, offset, length, now, intent)
          : malformed;
      if (outcome > Drop.none) this.counters.dropped(outcome as DropCode);
      return outcome;
    } finally {
      this.#guard.leave();
    }
  }

  abstract handleTimeout(now: number): void;

  abstract nextTimeout(): number;

  /**
   * @internal An empty datagram arrived, or one that counts as such: a keepalive or, for a peer, a probe.
   */
  protected emptyDatagram(_now: number): void {}

  /** @internal A RoHC frame arrived, which is dropped (draft-03 §9). */
  protected compressedFrame(
    _bytes: Uint8Array,
    _offset: number,
    _length: number,
    _now: number,
  ): void {}

  /** @internal One whole IPv6 packet arrived in a datagram; returns whether and why it is dropped. */
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
    intent: SendIntent,
  ): SendOutcome;

  /**
   * @internal Does with a run what {@link fromTunnel} just did with the packet before it, which it did not drop.
   *
   * @returns false, with nothing done, unless that is all that would happen with each packet of the run
   */
  protected abstract repeatFromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    now: number,
  ): boolean;

  /** @internal The same for {@link fromLocalSide}, without particular intent. */
  protected abstract repeatFromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    now: number,
  ): boolean;

  /** @internal Runs what may use the sink, outside of packets. */
  protected command(run: () => void): void {
    this.#guard.enter();
    try {
      run();
    } finally {
      this.#guard.leave();
    }
  }
}

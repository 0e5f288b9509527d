import type { SimulationEvent } from '../time/eventQueue.js';

const IPV4_AND_UDP_HEADER = 28;
const INITIAL_BUFFER = 2048;
/** Below this, copying byte by byte beats making a view for `set`. */
const SHORT = 64;

/** IPv4 TTL of a datagram whose sender sets none, as in most systems (RFC 1700). */
export const DEFAULT_TTL = 64;

/** The end of a link. */
export interface Receiver {
  /** Takes the datagram over: carries it on, or releases it. */
  arrived(datagram: Datagram, now: number): void;
}

/** The receiver of a datagram that was not sent yet. */
const noReceiver: Receiver = Object.freeze({ arrived: () => {} });

/**
 * A UDP/IPv4 datagram on its way; as an event, its arrival at the end of a link. Addresses are int32:
 * the bits of the IPv4 address, never boxed. Objects are reused for other datagrams, so that no
 * reference is kept after the datagram has ended.
 */
export class Datagram implements SimulationEvent {
  /** Counts the datagrams that hosts sent; copies made by the network share it. */
  id = 0;
  source = 0;
  sourcePort = 0;
  destination = 0;
  destinationPort = 0;
  /** IPv4 TTL that is left, 0..255. */
  ttl = DEFAULT_TTL;
  /**
   * Whether it ends where it arrives with a TTL of 1, also at its destination: by an IPv4 timestamp option
   * without room (RFC 791 §3.1).
   */
  onlyOpens = false;
  /** IPv4 TOS byte. */
  tos = 0;
  /** UDP payload; may be longer than {@link Datagram.length}. */
  bytes = new Uint8Array(INITIAL_BUFFER);
  /** Bytes of payload. */
  length = 0;
  /** The end of the link that carries it. */
  receiver: Receiver = noReceiver;

  /** Bytes of the IPv4 packet. */
  get size(): number {
    return IPV4_AND_UDP_HEADER + this.length;
  }

  /** Arrives. */
  happen(now: number): void {
    this.receiver.arrived(this, now);
  }

  /** Takes a payload over, as a copy. */
  setPayload(bytes: Uint8Array, offset: number, length: number): void {
    if (this.bytes.length < length) this.bytes = new Uint8Array(length);
    this.length = length;
    if (length < SHORT) {
      for (let index = 0; index < length; index++) this.bytes[index] = bytes[offset + index]!;
    } else {
      this.bytes.set(bytes.subarray(offset, offset + length));
    }
  }

  /** Copies another datagram, but its receiver. */
  copyFrom(other: Datagram): void {
    this.id = other.id;
    this.source = other.source;
    this.sourcePort = other.sourcePort;
    this.destination = other.destination;
    this.destinationPort = other.destinationPort;
    this.ttl = other.ttl;
    this.onlyOpens = other.onlyOpens;
    this.tos = other.tos;
    this.setPayload(other.bytes, 0, other.length);
  }
}

/** Unused datagrams, kept for reuse so that carrying one makes no garbage. */
export class DatagramPool {
  readonly #free: Datagram[] = [];

  /** A datagram whose fields hold anything. */
  take(): Datagram {
    return this.#free.pop() ?? new Datagram();
  }

  /** Takes a datagram back that has arrived or was lost. */
  release(datagram: Datagram): void {
    this.#free.push(datagram);
  }
}

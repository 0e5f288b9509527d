import { type Endpoint, formatIPv4, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import type { Machine, TunnelSink } from '../machine/machine.js';
import { Counters } from '../report/counters.js';

/** A datagram as it reached a {@link Probe}. */
export interface ProbedDatagram {
  readonly bytes: readonly number[];
  readonly source: Endpoint;
}

/** Fills a buffer after the time until which a driver may read it. */
const GARBAGE = 0xee;

/**
 * A machine that knows no protocol. It records what its driver does, holds it to the contract of
 * {@link Machine}, and overwrites every buffer as soon as the driver may no longer rely on it.
 */
export class Probe implements Machine {
  readonly counters = new Counters();
  readonly datagrams: ProbedDatagram[] = [];
  readonly packets: number[][] = [];
  readonly timeouts: number[] = [];
  /** Violations of the contract by the driver. */
  readonly faults: string[] = [];
  /** Whether each datagram is sent back at once. */
  echo = false;
  wakeAt = Number.POSITIVE_INFINITY;
  now = Number.NEGATIVE_INFINITY;
  readonly #sink: TunnelSink;
  readonly #to = new UdpEndpoint();
  #working = false;

  constructor(sink: TunnelSink) {
    this.#sink = sink;
  }

  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void {
    this.work(now, () => {
      const source = { address: formatIPv4(address), port };
      this.datagrams.push({ bytes: this.#read(bytes, offset, length), source });
      if (this.echo) this.send([...bytes.subarray(offset, offset + length)], source);
      bytes.fill(GARBAGE, offset, offset + length);
    });
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.work(now, () => {
      this.packets.push(this.#read(bytes, offset, length));
    });
  }

  handleTimeout(now: number): void {
    this.work(now, () => {
      this.timeouts.push(now);
      if (now >= this.wakeAt) this.wakeAt = Number.POSITIVE_INFINITY;
    });
  }

  nextTimeout(): number {
    return this.wakeAt;
  }

  /** Does something within a call of the driver. */
  work(now: number, action: () => void): void {
    if (this.#working) this.faults.push('the machine was called while it worked');
    if (!(now >= this.now)) this.faults.push(`the time went from ${this.now} to ${now}`);
    this.now = now;
    this.#working = true;
    try {
      action();
    } finally {
      this.#working = false;
    }
  }

  /** Sends from the middle of a larger buffer. Only within {@link work}. */
  send(payload: readonly number[], to: Endpoint, tos = 0, ttl = 0): void {
    const offset = 3;
    const buffer = Uint8Array.of(9, 9, 9, ...payload, 9, 9);
    this.#to.address = parseIPv4(to.address);
    this.#to.port = to.port;
    this.#calling('sendDatagram', () =>
      this.#sink.sendDatagram(buffer, offset, payload.length, this.#to, tos, ttl),
    );
    buffer.fill(GARBAGE);
    this.#to.address = 0;
    this.#to.port = 0;
  }

  /** Delivers from the middle of a larger buffer. Only within {@link work}. */
  deliver(packet: readonly number[]): void {
    const buffer = Uint8Array.of(9, ...packet, 9);
    this.#calling('deliverPacket', () => this.#sink.deliverPacket(buffer, 1, packet.length));
    buffer.fill(GARBAGE);
  }

  /** Reports an event. Only within {@link work}. */
  report(): void {
    const router = { address: '192.0.2.1', port: 1 };
    this.#calling('event', () => this.#sink.event({ type: 'router-reachable', router }));
  }

  #calling(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.faults.push(`${what} threw ${String(error)}`);
    }
  }

  #read(bytes: Uint8Array, offset: number, length: number): number[] {
    if (!(bytes instanceof Uint8Array)) this.faults.push('bytes are no Uint8Array');
    else if (bytes.slice(0, 0).buffer === bytes.buffer) {
      this.faults.push('slice of the bytes does not copy: give a plain Uint8Array, not a Buffer');
    }
    if (offset + length > bytes.length) this.faults.push('the bytes end before offset + length');
    return [...bytes.subarray(offset, offset + length)];
  }
}

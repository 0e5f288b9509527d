import type { UdpEndpoint } from '@6bed4/codec';
import {
  type Machine,
  type MachineHost,
  MachineRunner,
  type TunnelEvent,
  type TunnelSink,
} from '@6bed4/tunnel';
import type { PacketTap } from '../../capture/packetTap.js';
import { realTimers, type Timer, type Timers } from '../../environment/timers.js';
import { LONGEST_DELAY } from '../../longTimeout.js';
import { plainBytes } from '../../plainBytes.js';
import { now } from '../../realTimers.js';
import type { DatagramPort } from '../ports/datagramPort.js';
import type { PacketPort } from '../ports/packetPort.js';

/** Options of a {@link PortRunner}. */
export interface PortRunnerOptions<M extends Machine> {
  /** Makes the machine around its sink. */
  readonly machine: (sink: TunnelSink) => M;
  readonly datagrams: DatagramPort;
  readonly packets: PacketPort;
  /** Takes what the machine reports, once the machine has finished. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly clock?: (() => number) | undefined;
  /** Default: those of this platform. */
  readonly timers?: Timers | undefined;
}

/** Runs a machine between two ports, with the clock and the timers of this platform. */
export class PortRunner<M extends Machine> implements MachineHost {
  readonly #runner: MachineRunner<M>;
  readonly #datagrams: DatagramPort;
  readonly #packets: PacketPort;
  readonly #onEvent: (event: TunnelEvent) => void;
  readonly #clock: () => number;
  readonly #timers: Timers;
  /** Copies packets on both sides; null for none. */
  tap: PacketTap | null = null;
  #isRef = true;
  #timer: Timer | null = null;

  /** @throws InvalidArgumentError when the machine refuses its options */
  constructor(options: PortRunnerOptions<M>) {
    this.#datagrams = options.datagrams;
    this.#packets = options.packets;
    this.#onEvent = options.onEvent;
    this.#clock = options.clock ?? now;
    this.#timers = options.timers ?? realTimers;
    this.#runner = new MachineRunner(options.machine, this);
  }

  get machine(): M {
    return this.#runner.machine;
  }

  /** Begins to carry packets. */
  start(): void {
    const runner = this.#runner;
    this.#datagrams.start((bytes, offset, length, address, port) => {
      this.tap?.received(bytes, offset, length, address, port, this.now());
      runner.handleDatagram(plainBytes(bytes), offset, length, address, port);
    });
    this.#packets.start((bytes, offset, length) => {
      this.tap?.taken(bytes, offset, length, this.now());
      runner.handlePacket(plainBytes(bytes), offset, length);
    });
    runner.resume();
  }

  /** Calls the machine; see {@link MachineRunner.command}. */
  command<T>(action: (machine: M, now: number) => T): T | undefined {
    return this.#runner.command(action);
  }

  /** Whether the machine is at work, so that a command would have to wait. */
  get isBusy(): boolean {
    return this.#runner.isBusy;
  }

  /** Lets the timer keep the process alive, as it does at first. */
  ref(): void {
    this.#isRef = true;
    this.#timer?.ref();
  }

  /** Lets the process end though the timer is set. */
  unref(): void {
    this.#isRef = false;
    this.#timer?.unref();
  }

  /** Stops the clock and gives both sides back. */
  async close(): Promise<void> {
    this.#runner.close();
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
    this.#packets.close();
    await this.#datagrams.close();
  }

  now(): number {
    return this.#clock();
  }

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    this.tap?.sent(bytes, offset, length, to, tos, ttl, this.now());
    this.#datagrams.send(bytes, offset, length, to, tos, ttl);
  }

  deliverPacket(bytes: Uint8Array, offset: number, length: number): void {
    this.tap?.delivered(bytes, offset, length, this.now());
    this.#packets.deliver(bytes, offset, length);
  }

  flush(): void {
    this.#packets.flush();
  }

  eventHappened(event: TunnelEvent): void {
    this.#onEvent(event);
  }

  setTimer(at: number): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    const delay = Math.min(Math.max(at - this.#clock(), 0), LONGEST_DELAY);
    this.#timer = this.#timers.setTimeout(this.#timeout, Math.ceil(delay));
    if (!this.#isRef) this.#timer.unref();
  }

  readonly #timeout = (): void => {
    this.#timer = null;
    this.#runner.handleTimeout();
  };
}

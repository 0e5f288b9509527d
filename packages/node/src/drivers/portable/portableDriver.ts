import type { Endpoint } from '@6bed4/codec';
import type { Machine, TunnelSink } from '@6bed4/tunnel';
import { ringOfThread } from '../../capture/captureRing.js';
import { PacketTap, type TapSetup } from '../../capture/packetTap.js';
import type { Timers } from '../../environment/timers.js';
import {
  checkPacket,
  type DaemonCounters,
  type Driver,
  type DriverListener,
  packetsComeFrom,
} from '../driver.js';
import type { DriverReport } from '../driverReport.js';
import type { InterfaceReport } from '../interfaceReport.js';
import { ApplicationPort } from '../ports/applicationPort.js';
import type { DatagramPort } from '../ports/datagramPort.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import type { PacketPort } from '../ports/packetPort.js';
import { TunPort } from '../tun/tunPort.js';
import { PortRunner } from './portRunner.js';

/** Makes a local side that hands over what it does not take itself. */
export type LocalSide = (onPacket: (packet: Uint8Array) => void) => ApplicationPort;

/** Options of a {@link PortableDriver}. */
export interface PortableDriverOptions<M extends Machine> extends DriverListener {
  /** Opened already; closed with the driver, and if that cannot be made. */
  readonly datagrams: DatagramPort;
  readonly tun: string | false;
  /** Without TUN: makes another local side than one that only hands packets over. */
  readonly localSide?: LocalSide | undefined;
  readonly machine: (sink: TunnelSink, datagrams: DatagramPort) => M;
  readonly clock?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
  /** Reason that this is not the Linux driver; null when that was not requested. */
  readonly reason: string | null;
  /** A packet for the application; only without TUN. */
  readonly onPacket: (packet: Uint8Array) => void;
}

/** The parts of a {@link PortableDriver}. */
export interface PortableParts<M extends Machine>
  extends Pick<PortableDriverOptions<M>, 'datagrams' | 'tun' | 'reason'> {
  readonly runner: PortRunner<M>;
  readonly packets: PacketPort;
}

/** The portable driver: a machine with its two sides in the thread of its user. */
export class PortableDriver<M extends Machine> implements Driver {
  readonly tun: string | null;
  readonly datagrams: DatagramPort;
  readonly #runner: PortRunner<M>;
  readonly #packets: PacketPort;
  readonly #reason: string | null;

  /** Nothing flows yet. */
  constructor({ datagrams, tun, reason, runner, packets }: PortableParts<M>) {
    this.datagrams = datagrams;
    this.tun = tun === false ? null : tun;
    this.#reason = reason;
    this.#runner = runner;
    this.#packets = packets;
  }

  get endpoint(): Endpoint {
    return this.datagrams.endpoint;
  }

  get report(): DriverReport {
    const { offloads = [], batches = null } = this.datagrams;
    const name = batches === null ? 'portable' : 'linux';
    return { name, reason: this.#reason, workers: 0, offloads, batches };
  }

  get counters(): DaemonCounters {
    return {
      ...this.machine.counters.snapshot(),
      udp: this.datagrams.counters,
      localDrops: this.#packets.dropped,
    };
  }

  get interfaceReport(): InterfaceReport | null {
    return this.#packets.report;
  }

  start(): void {
    this.#runner.start();
  }

  protected get machine(): M {
    return this.#runner.machine;
  }

  /** Calls the machine when it is free; returns what the action does, if that is at once. */
  run<T>(action: (machine: M, now: number) => T): T | undefined {
    return this.#runner.command(action);
  }

  /** Whether a command would have to wait. */
  get isBusy(): boolean {
    return this.#runner.isBusy;
  }

  /** Keeps the process alive, as at first. */
  ref(): void {
    this.#runner.ref();
    this.datagrams.ref?.();
  }

  /** Lets the process end. */
  unref(): void {
    this.#runner.unref();
    this.datagrams.unref?.();
  }

  configure(plan: InterfacePlan): void {
    this.#packets.configure(plan);
  }

  send(packet: Uint8Array): void {
    checkPacket(packet);
    if (!(this.#packets instanceof ApplicationPort)) throw packetsComeFrom(this.tun);
    this.#packets.send(packet);
  }

  async rebind(even: boolean): Promise<void> {
    await this.datagrams.rebind(even);
    const { tap } = this.#runner;
    if (tap !== null) tap.localPort = this.endpoint.port;
  }

  tap(setup: TapSetup | null): readonly SharedArrayBuffer[] {
    this.#runner.tap = null;
    if (setup === null) return [];
    const memory = ringOfThread();
    this.#runner.tap = new PacketTap(setup, memory);
    return [memory];
  }

  async listenOnLan(port: number): Promise<void> {
    await this.datagrams.listenOnLan?.(port);
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}

/**
 * Opens the local side and makes the machine.
 *
 * @throws InvalidArgumentError for an option that the machine or the interface refuses
 * @throws StartError when the interface cannot be had
 */
export async function openParts<M extends Machine>(
  options: PortableDriverOptions<M>,
): Promise<PortableParts<M>> {
  const { datagrams, tun, reason, onEvent, clock, timers } = options;
  let packets: PacketPort | null = null;
  try {
    packets = await openLocalSide(options);
    const machine = (sink: TunnelSink): M => options.machine(sink, datagrams);
    const runner = new PortRunner({ machine, datagrams, packets, onEvent, clock, timers });
    return { datagrams, tun, reason, runner, packets };
  } catch (error) {
    packets?.close();
    await datagrams.close();
    throw error;
  }
}

function openLocalSide(
  options: Omit<PortableDriverOptions<Machine>, 'machine'>,
): Promise<PacketPort> {
  const { tun, localSide, onPacket, onWarning, onInterface, onFailure } = options;
  if (tun === false) {
    return Promise.resolve(localSide?.(onPacket) ?? new ApplicationPort(onPacket));
  }
  return TunPort.open(tun, { warning: onWarning, changed: onInterface, gone: onFailure });
}

import type { Endpoint } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  checkPacket,
  type DaemonCounters,
  type Driver,
  type DriverListener,
  packetsComeFrom,
} from '../driver.js';
import type { BatchReport, DriverReport, OffloadName, OffloadReport } from '../driverReport.js';
import type { InterfaceReport } from '../interfaceReport.js';
import type { Libc } from '../kernel/libc.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import { TunConfiguration } from '../tun/tunConfiguration.js';
import { LinuxTun } from './linuxTun.js';
import type { LinuxUdp } from './linuxUdp.js';
import type { LoopCounters } from './loopCounters.js';
import { LoopThread, type LoopThreadListener } from './loopThread.js';
import { type Offloads, usesTun, usesUdp } from './offloads.js';
import { addCounters, NOTHING_COUNTED } from './sums.js';
import type { MachinePlan, Request, Results, WorkerCounters } from './workerProtocol.js';

/** Options of a {@link LinuxDriver}. */
export interface LinuxDriverOptions<P extends MachinePlan = MachinePlan> extends DriverListener {
  readonly libc: Libc;
  /** Opened already; closed with the driver, and if that cannot be made. One socket for each thread. */
  readonly udp: LinuxUdp;
  readonly tun: string;
  readonly machine: P;
  readonly offloads: Offloads;
}

/** The parts of a {@link LinuxDriver}. */
export interface LinuxParts {
  readonly udp: LinuxUdp;
  readonly tun: LinuxTun;
  readonly offloads: Offloads;
  readonly configuration: TunConfiguration;
  readonly threads: readonly LoopThread[];
  readonly onWarning: (error: StartError) => void;
}

/**
 * The Linux driver: one thread or several with a machine each, between a UDP socket and a queue of a TUN
 * interface. This thread opens, configures and closes.
 */
export class LinuxDriver implements Driver {
  readonly #parts: LinuxParts;
  #lastCounters: WorkerCounters = NOTHING_COUNTED;
  #isSilent = false;
  #closing: Promise<void> | null = null;

  /** @see openLinux */
  constructor(parts: LinuxParts) {
    this.#parts = parts;
  }

  get tun(): string {
    return this.#parts.tun.name;
  }

  get endpoint(): Endpoint {
    return this.#parts.udp.endpoint;
  }

  get counters(): DaemonCounters {
    const { machine, loop } = this.#count();
    return { ...machine, udp: loop.udp, localDrops: loop.localDrops };
  }

  get report(): DriverReport {
    const { loop } = this.#count();
    return {
      name: 'linux',
      reason: null,
      workers: this.#parts.threads.length,
      offloads: offloadReports(this.#parts, loop.udpSegmentation),
      batches: batchesOf(loop),
    };
  }

  get interfaceReport(): InterfaceReport {
    return this.#parts.configuration.report;
  }

  /** Packets flow as soon as the machine knows what to do with them. */
  start(): void {}

  configure(plan: InterfacePlan): void {
    if (this.#closing === null) this.#parts.configuration.configure(plan);
  }

  send(packet: Uint8Array): never {
    checkPacket(packet);
    throw packetsComeFrom(this.tun);
  }

  rebind(even: boolean): Promise<void> {
    const { udp, threads } = this.#parts;
    return attempt(() => {
      const closePrevious = udp.rebind(even);
      for (const [index, thread] of threads.entries()) {
        thread.request({ type: 'udp', fd: udp.sockets[index]! });
      }
      closePrevious();
    });
  }

  listenOnLan(port: number): Promise<void> {
    return attempt(() => {
      this.#first.request({ type: 'lan', fd: this.#parts.udp.openLan(port) });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** @internal Keeps all that may be read later, when the machine answers no more. */
  remember(): void {
    this.#count();
  }

  /** Sends a request to the machine; undefined when it has ended, or gives no answer. */
  protected request<R extends Request>(request: R): Results[R['type']] | undefined {
    return this.#first.isOver ? undefined : this.#unlessSilent(() => this.#first.request(request));
  }

  /** Sends a request to the machines of all threads. */
  protected requestAll(request: Request): void {
    for (const thread of this.#parts.threads) {
      if (!thread.isOver) this.#unlessSilent(() => thread.request(request));
    }
  }

  /**
   * The result of a request, or undefined when there is no answer: callers are listeners and timers, in which
   * nobody would catch an error, and what was known before serves them better.
   */
  #unlessSilent<T>(request: () => T): T | undefined {
    try {
      const result = request();
      this.#isSilent = false;
      return result;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      // That it has ended is reported by the thread itself.
      if (error.code === 'ETIMEDOUT' && !this.#isSilent) this.#parts.onWarning(error);
      this.#isSilent = true;
      return undefined;
    }
  }

  async #close(): Promise<void> {
    const { udp, tun, configuration, threads } = this.#parts;
    this.remember();
    await Promise.all(threads.map((thread) => thread.close()));
    configuration.close();
    tun.close();
    udp.close();
  }

  get #first(): LoopThread {
    return this.#parts.threads[0]!;
  }

  /** The counters of all threads together. */
  #count(): WorkerCounters {
    const { threads } = this.#parts;
    if (!threads.some((thread) => thread.isOver)) {
      const counters = this.#unlessSilent(() =>
        threads.map((thread) => thread.request({ type: 'counters' })).reduce(addCounters),
      );
      this.#lastCounters = counters ?? this.#lastCounters;
    }
    return this.#lastCounters;
  }
}

/**
 * Opens the interface and makes the machines, which send nothing yet.
 *
 * @param make - makes the driver of its parts
 * @throws InvalidArgumentError for an option that the machine or the interface refuses
 * @throws StartError when the interface cannot be had
 */
export async function openLinux<D extends LinuxDriver>(
  options: LinuxDriverOptions,
  make: (parts: LinuxParts) => D,
): Promise<D> {
  const { libc, udp, offloads } = options;
  let tun: LinuxTun | null = null;
  let configuration: TunConfiguration | null = null;
  const threads: LoopThread[] = [];
  try {
    tun = LinuxTun.open(libc, options.tun, udp.sockets.length, usesTun(offloads));
    // An interface that was prepared may have one queue only.
    udp.keep(tun.queues.length);
    configuration = TunConfiguration.open(libc, options.tun, tun.created, options);
    const listener = listenerOf(options);
    for (const index of udp.sockets.keys()) {
      threads.push(await startThread(options, tun, index, listener));
    }
    const { onWarning } = options;
    const driver = make({ udp, tun, offloads, configuration, threads, onWarning });
    driver.remember();
    return driver;
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close()));
    configuration?.close();
    tun?.close();
    udp.close();
    throw error;
  }
}

function startThread(
  { libc, machine, udp }: LinuxDriverOptions,
  { queues, features }: LinuxTun,
  index: number,
  listener: LoopThreadListener,
): Promise<LoopThread> {
  const setup = {
    machine,
    udp: udp.sockets[index]!,
    tun: queues[index]!,
    tunFeatures: features,
    udpSegmentation: udp.features.send,
  };
  return LoopThread.start(libc, setup, listener);
}

/** Reports the first failure of all threads. */
function listenerOf({ tun, onEvent, onFailure }: LinuxDriverOptions): LoopThreadListener {
  let failed = false;
  const fail = (error: StartError): void => {
    if (failed) return;
    failed = true;
    onFailure(error);
  };
  return {
    event: onEvent,
    gone: () => fail(new StartError('ENODEV', `the interface ${tun} was removed`)),
    died: fail,
  };
}

const SWITCHED_OFF = 'switched off';

function offloadReports(
  { offloads, udp, tun }: LinuxParts,
  stillSegments: boolean,
): OffloadReport[] {
  const { send, receive } = udp.features;
  const { virtioHeader, udpSegmentation } = tun.features;
  const noUdp = usesUdp(offloads) ? null : SWITCHED_OFF;
  const noTun = usesTun(offloads) ? null : SWITCHED_OFF;
  const device = send ? 'the network device cannot' : 'needs Linux 4.18';
  return [
    offloadReport('udp-send', send && stillSegments, noUdp ?? device),
    offloadReport('udp-receive', receive, noUdp ?? 'needs Linux 5.0'),
    offloadReport('tun-tcp', virtioHeader, noTun ?? 'the TUN driver cannot'),
    offloadReport('tun-udp', udpSegmentation, noTun ?? 'needs Linux 6.2'),
  ];
}

function offloadReport(name: OffloadName, active: boolean, otherwise: string): OffloadReport {
  return { name, active, reason: active ? null : otherwise };
}

function batchesOf(loop: LoopCounters): BatchReport {
  const { udp: _, localDrops: __, udpSegmentation: ___, ...batches } = loop;
  return batches;
}

/** Runs at once; a failure is one of the promise. */
async function attempt(action: () => void): Promise<void> {
  action();
}

import type { Endpoint } from '@6bed4/codec';
import type { TunnelEvent } from '@6bed4/tunnel';
import { checkingOptions, StartError } from '../../errors.js';
import type { CallArguments, CallResult, DaemonCounters, Driver, MachineCalls } from '../driver.js';
import type { BatchReport, DriverReport, OffloadName, OffloadReport } from '../driverReport.js';
import type { Libc } from '../kernel/libc.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import { TunConfiguration } from '../tun/tunConfiguration.js';
import { LinuxTun } from './linuxTun.js';
import type { LinuxUdp } from './linuxUdp.js';
import type { LoopCounters } from './loopCounters.js';
import { LoopThread } from './loopThread.js';
import { type Offloads, usesTun, usesUdp } from './offloads.js';
import { addCounters, NOTHING_COUNTED } from './sums.js';
import type { MachinePlan, WorkerCounters } from './workerProtocol.js';

/** What a {@link LinuxDriver} is made of. */
export interface LinuxDriverOptions<Q> {
  readonly libc: Libc;
  /** Opened already; closed with the carrier, and if it cannot be made. One socket for each thread. */
  readonly udp: LinuxUdp;
  readonly tun: string;
  readonly machine: MachinePlan;
  readonly offloads: Offloads;
  /** What the machine can be asked that changes nothing. */
  readonly queries: Q;
  readonly onEvent: (event: TunnelEvent) => void;
  readonly onWarning: (error: StartError) => void;
  readonly onFailure: (error: StartError) => void;
}

/**
 * The Linux driver: one thread or several with a machine each, between a UDP socket and a queue of a TUN
 * interface. This thread opens, configures and closes.
 */
export class LinuxDriver<Q extends MachineCalls<never>, C extends MachineCalls<never>>
  implements Driver<Q, C>
{
  readonly #options: LinuxDriverOptions<Q>;
  readonly #udp: LinuxUdp;
  readonly #tun: LinuxTun;
  readonly #configuration: TunConfiguration;
  readonly #threads: readonly LoopThread[];
  /** What was answered last, for when nobody answers any more. */
  readonly #answers = new Map<string, unknown>();
  #lastCounters: WorkerCounters = NOTHING_COUNTED;
  #closing: Promise<void> | null = null;

  private constructor(
    options: LinuxDriverOptions<Q>,
    tun: LinuxTun,
    configuration: TunConfiguration,
    threads: readonly LoopThread[],
  ) {
    this.#options = options;
    this.#udp = options.udp;
    this.#tun = tun;
    this.#configuration = configuration;
    this.#threads = threads;
    this.#remember();
  }

  /**
   * Opens the interface and makes the machine; it asks nobody for anything yet.
   *
   * @throws UsageError for an option that the machine or the interface refuses
   * @throws StartError when the interface cannot be had
   */
  static async open<Q extends MachineCalls<never>, C extends MachineCalls<never>>(
    options: LinuxDriverOptions<Q>,
  ): Promise<LinuxDriver<Q, C>> {
    const { libc, udp } = options;
    let tun: LinuxTun | null = null;
    let configuration: TunConfiguration | null = null;
    const threads: LoopThread[] = [];
    try {
      tun = LinuxTun.open(libc, options.tun, udp.sockets.length, usesTun(options.offloads));
      const { created, features, queues } = tun;
      // An interface that was prepared may have one queue only.
      udp.keep(queues.length);
      configuration = TunConfiguration.open(libc, options.tun, created, options.onWarning);
      let failed = false;
      const fail = (error: StartError): void => {
        if (failed) return;
        failed = true;
        options.onFailure(error);
      };
      const listener = {
        event: options.onEvent,
        gone: () => fail(new StartError('ENODEV', `the interface ${options.tun} was removed`)),
        died: fail,
      };
      for (const [index, socket] of udp.sockets.entries()) {
        const thread = await LoopThread.start(
          libc,
          {
            machine: options.machine,
            udp: socket,
            tun: queues[index]!,
            tunFeatures: features,
            udpSegmentation: udp.features.send,
          },
          listener,
        );
        threads.push(thread);
      }
      return new LinuxDriver<Q, C>(options, tun, configuration, threads);
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.close()));
      configuration?.close();
      tun?.close();
      udp.close();
      return checkingOptions(() => {
        throw error;
      });
    }
  }

  get tun(): string {
    return this.#tun.name;
  }

  get endpoint(): Endpoint {
    return this.#udp.endpoint;
  }

  get counters(): DaemonCounters {
    const { machine, loop } = this.#count();
    return { ...machine, udp: loop.udp, localDrops: loop.localDrops };
  }

  get driver(): DriverReport {
    const { loop } = this.#count();
    return {
      name: 'linux',
      reason: null,
      workers: this.#threads.length,
      offloads: this.#offloads(loop.udpSegmentation),
      batches: batchesOf(loop),
    };
  }

  /** Packets flow as soon as the machine knows what to do with them. */
  start(): void {}

  query<K extends keyof Q & string>(name: K, ...args: CallArguments<Q[K]>): CallResult<Q[K]> {
    if (!this.#first.isOver) {
      this.#answers.set(name, this.#first.ask({ type: 'query', name, args }));
    }
    return this.#answers.get(name) as CallResult<Q[K]>;
  }

  command<K extends keyof C & string>(
    name: K,
    ...args: CallArguments<C[K]>
  ): CallResult<C[K]> | undefined {
    if (this.#first.isOver) return undefined;
    return this.#first.ask({ type: 'command', name, args }) as CallResult<C[K]>;
  }

  configure(plan: InterfacePlan): void {
    if (this.#closing === null) this.#configuration.configure(plan);
  }

  send(packet: Uint8Array): never {
    if (!(packet instanceof Uint8Array)) {
      throw new TypeError(`packet: found ${typeof packet}, expected a Uint8Array`);
    }
    throw new Error(`packets are taken from the interface ${this.tun}, not from the application`);
  }

  rebind(even: boolean): Promise<void> {
    return attempt(() => {
      const closePrevious = this.#udp.rebind(even);
      for (const [index, thread] of this.#threads.entries()) {
        thread.ask({ type: 'udp', fd: this.#udp.sockets[index]! });
      }
      closePrevious();
    });
  }

  listenOnLan(port: number): Promise<void> {
    return attempt(() => {
      this.#first.ask({ type: 'lan', fd: this.#udp.openLan(port) });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      this.#remember();
    } catch (error) {
      // It ended meanwhile, and took with it what it knew.
      if (!(error instanceof StartError)) throw error;
    }
    await Promise.all(this.#threads.map((thread) => thread.close()));
    this.#configuration.close();
    this.#tun.close();
    this.#udp.close();
  }

  /** Asks for all that may be asked for later. */
  #remember(): void {
    this.#count();
    for (const name of Object.keys(this.#options.queries)) {
      this.query(name as keyof Q & string, ...([] as CallArguments<Q[keyof Q & string]>));
    }
  }

  get #first(): LoopThread {
    return this.#threads[0]!;
  }

  /** The counters of all threads together. */
  #count(): WorkerCounters {
    const working = this.#threads.filter((thread) => !thread.isOver);
    if (working.length === this.#threads.length) {
      this.#lastCounters = working
        .map((thread) => thread.ask({ type: 'counters' }) as WorkerCounters)
        .reduce(addCounters);
    }
    return this.#lastCounters;
  }

  #offloads(stillSegments: boolean): OffloadReport[] {
    const { offloads } = this.#options;
    const { send, receive } = this.#udp.features;
    const { virtioHeader, udpSegmentation } = this.#tun.features;
    const udp = usesUdp(offloads) ? null : SWITCHED_OFF;
    const tun = usesTun(offloads) ? null : SWITCHED_OFF;
    const device = send ? 'the network device cannot' : 'needs Linux 4.18';
    return [
      report('udp-send', send && stillSegments, udp ?? device),
      report('udp-receive', receive, udp ?? 'needs Linux 5.0'),
      report('tun-tcp', virtioHeader, tun ?? 'the TUN driver cannot'),
      report('tun-udp', udpSegmentation, tun ?? 'needs Linux 6.2'),
    ];
  }
}

const SWITCHED_OFF = 'switched off';

function report(name: OffloadName, active: boolean, otherwise: string): OffloadReport {
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

import type { Endpoint } from '@6bed4/codec';
import type { Machine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import { checkingOptions, type StartError } from '../../errors.js';
import type { CallArguments, CallResult, DaemonCounters, Driver, MachineCalls } from '../driver.js';
import type { DriverReport } from '../driverReport.js';
import { ApplicationPort } from '../ports/applicationPort.js';
import type { DatagramPort } from '../ports/datagramPort.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import type { PacketPort } from '../ports/packetPort.js';
import { TunPort } from '../tun/tunPort.js';
import { PortRunner } from './portRunner.js';

/** Makes a local side that hands over what it does not take itself. */
export type LocalSide = (onPacket: (packet: Uint8Array) => void) => ApplicationPort;

/** What a {@link PortableDriver} is made of. */
export interface PortableDriverOptions<M extends Machine, Q, C> {
  /** Opened already; closed with the carrier, and if it cannot be made. */
  readonly datagrams: DatagramPort;
  readonly tun: string | false;
  /** Without TUN: makes another local side than one that only hands packets over. */
  readonly localSide?: LocalSide;
  readonly machine: (sink: TunnelSink, datagrams: DatagramPort) => M;
  readonly clock?: () => number;
  /** What the machine can be asked that changes nothing. */
  readonly queries: Q;
  /** What the machine can be told to do. */
  readonly commands: C;
  /** Why this is not the Linux driver; null when that was not asked for. */
  readonly reason: string | null;
  /** The machine tells something. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** A packet for the application; only without TUN. */
  readonly onPacket: (packet: Uint8Array) => void;
  /** Something is not as it should be, but goes on. */
  readonly onWarning: (error: StartError) => void;
  /** Nothing can go on. */
  readonly onFailure: (error: StartError) => void;
}

/** The portable driver: a machine with its two sides in the thread of its user. */
export class PortableDriver<M extends Machine, Q extends MachineCalls<M>, C extends MachineCalls<M>>
  implements Driver<Q, C>
{
  readonly tun: string | null;
  readonly driver: DriverReport;
  readonly datagrams: DatagramPort;
  readonly #queries: Q;
  readonly #commands: C;
  readonly #driver: PortRunner<M>;
  readonly #packets: PacketPort;

  private constructor(
    options: PortableDriverOptions<M, Q, C>,
    driver: PortRunner<M>,
    packets: PacketPort,
  ) {
    this.#driver = driver;
    this.#packets = packets;
    this.#queries = options.queries;
    this.#commands = options.commands;
    this.datagrams = options.datagrams;
    this.tun = options.tun === false ? null : options.tun;
    const { reason } = options;
    this.driver = { name: 'portable', reason, workers: 0, offloads: [], batches: null };
  }

  /**
   * Opens the local side and makes the machine; nothing flows yet.
   *
   * @throws UsageError for an option that the machine or the interface refuses
   * @throws StartError when the interface cannot be had
   */
  static async open<M extends Machine, Q extends MachineCalls<M>, C extends MachineCalls<M>>(
    options: PortableDriverOptions<M, Q, C>,
  ): Promise<PortableDriver<M, Q, C>> {
    const { datagrams, onEvent, clock } = options;
    let packets: PacketPort | null = null;
    try {
      packets = await openLocalSide(options);
      const driver = new PortRunner({
        machine: (sink) => checkingOptions(() => options.machine(sink, datagrams)),
        datagrams,
        packets,
        onEvent,
        ...(clock === undefined ? {} : { clock }),
      });
      return new PortableDriver(options, driver, packets);
    } catch (error) {
      packets?.close();
      await datagrams.close();
      throw error;
    }
  }

  get endpoint(): Endpoint {
    return this.datagrams.endpoint;
  }

  get counters(): DaemonCounters {
    return {
      ...this.#driver.machine.counters.snapshot(),
      udp: this.datagrams.counters,
      localDrops: this.#packets.dropped,
    };
  }

  start(): void {
    this.#driver.start();
  }

  query<K extends keyof Q & string>(name: K, ...args: CallArguments<Q[K]>): CallResult<Q[K]> {
    const query = this.#queries[name] as Call<M>;
    return query(this.#driver.machine, 0, ...args) as CallResult<Q[K]>;
  }

  command<K extends keyof C & string>(
    name: K,
    ...args: CallArguments<C[K]>
  ): CallResult<C[K]> | undefined {
    const command = this.#commands[name] as Call<M>;
    return this.run((machine, now) => command(machine, now, ...args)) as
      | CallResult<C[K]>
      | undefined;
  }

  /** Calls the machine when it is free; tells what came of it, if that is at once. */
  run<T>(action: (machine: M, now: number) => T): T | undefined {
    return this.#driver.command(action);
  }

  /** Whether a command would have to wait. */
  get isBusy(): boolean {
    return this.#driver.isBusy;
  }

  /** Keeps the process alive, as at first. */
  ref(): void {
    this.#driver.ref();
    this.datagrams.ref?.();
  }

  /** Lets the process end. */
  unref(): void {
    this.#driver.unref();
    this.datagrams.unref?.();
  }

  configure(plan: InterfacePlan): void {
    this.#packets.configure(plan);
  }

  send(packet: Uint8Array): void {
    if (!(packet instanceof Uint8Array)) {
      throw new TypeError(`packet: found ${typeof packet}, expected a Uint8Array`);
    }
    if (!(this.#packets instanceof ApplicationPort)) {
      throw new Error(`packets are taken from the interface ${this.tun}, not from the application`);
    }
    this.#packets.send(packet);
  }

  rebind(even: boolean): Promise<void> {
    return this.datagrams.rebind(even);
  }

  async listenOnLan(port: number): Promise<void> {
    await this.datagrams.listenOnLan?.(port);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}

/** Any of {@link MachineCalls}; that the arguments fit was checked where it was named. */
type Call<M> = (machine: M, now: number, ...args: unknown[]) => unknown;

function openLocalSide(
  options: Pick<
    PortableDriverOptions<Machine, unknown, unknown>,
    'tun' | 'localSide' | 'onPacket' | 'onWarning' | 'onFailure'
  >,
): Promise<PacketPort> {
  const { tun, localSide, onPacket, onWarning, onFailure } = options;
  if (tun === false) {
    return Promise.resolve(localSide?.(onPacket) ?? new ApplicationPort(onPacket));
  }
  return TunPort.open(tun, { warning: onWarning, gone: onFailure });
}

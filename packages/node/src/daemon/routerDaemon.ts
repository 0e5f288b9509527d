import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { type Endpoint, type Profile, parseIPv4 } from '@6bed4/codec';
import { Router, type RouterOptions } from '@6bed4/tunnel';
import { defined } from '../defined.js';
import type { DaemonCounters, Driver } from '../drivers/driver.js';
import type { DriverReport } from '../drivers/driverReport.js';
import { LinuxDriver } from '../drivers/linux/linuxDriver.js';
import { LinuxUdp } from '../drivers/linux/linuxUdp.js';
import { usesUdp } from '../drivers/linux/offloads.js';
import { plainProfile } from '../drivers/linux/workerProtocol.js';
import { PortableDriver } from '../drivers/portable/portableDriver.js';
import { PortableUdp } from '../drivers/portable/portableUdp.js';
import { planOfRouter } from '../drivers/ports/interfacePlan.js';
import { routerCommands, routerQueries } from '../drivers/routerCalls.js';
import { checkingOptions, type StartError, UsageError } from '../errors.js';
import { secureRandom } from '../random.js';
import { chooseDriver, type DriverChoice } from './chooseDriver.js';
import { type CommonOptions, checkPort, chooseProfile } from './options.js';

const FIRST_MULTICAST = 224;
const MOST_WORKERS = 64;
const DEFAULT_MOST_WORKERS = 4;

type RouterPath = Driver<typeof routerQueries, typeof routerCommands>;
type PlainOptions = Omit<RouterOptions, 'profile' | 'random' | 'address' | 'port'>;

/** What {@link startRouter} is told. */
export interface RouterDaemonOptions extends CommonOptions {
  /**
   * Own public IPv4 address; it is part of every address that is handed out. Needed unless
   * `datagrams` is given.
   */
  readonly listen?: string;
  /** UDP port; default: the profile's well-known port, by which other routers find this one. */
  readonly port?: number;
  /** Prefix to serve, completed to /64 (draft-04 §3.3); default: the profile's. */
  readonly prefix?: string;
  /** Network identifier for prefixes with room for it, 0..65535; default: the profile's. */
  readonly netid?: number;
  /** Prefixes that are offered to peers as routes, at most 32. */
  readonly routes?: readonly string[];
  /**
   * Whether something behind this router takes IPv6 packets; default true. Without it, packets to
   * elsewhere are answered with "no route".
   */
  readonly ipv6Side?: boolean;
  /**
   * Threads of the Linux driver, 1 to 64: the kernel gives each flow to one of them. Default: half as
   * many as there are processors, 4 at most.
   */
  readonly workers?: number;
}

/** What a {@link RouterDaemon} tells. */
export interface RouterDaemonEvents {
  /** A packet for the IPv6 side; only without TUN. */
  packet: [packet: Uint8Array];
  /** Something is not as it should be, but the router goes on. */
  warning: [error: StartError];
  /** The router cannot go on and has closed. */
  error: [error: StartError];
  /** Everything was given back. */
  close: [];
}

/** A running 6bed4 router; made by {@link startRouter}. */
export class RouterDaemon extends EventEmitter<RouterDaemonEvents> {
  #carrier: RouterPath | null = null;
  #closing: Promise<void> | null = null;

  /** @internal */
  static async start(options: RouterDaemonOptions): Promise<RouterDaemon> {
    const daemon = new RouterDaemon();
    await daemon.#open(options);
    return daemon;
  }

  /** The router's own IPv6 address. */
  get address(): string {
    return this.#running.query('address');
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return this.#running.query('prefix');
  }

  /** Its public endpoint. */
  get endpoint(): Endpoint {
    return this.#running.query('endpoint');
  }

  /** Name of its TUN interface, or null. */
  get tun(): string | null {
    return this.#running.tun;
  }

  /** What passed and what was dropped and why. */
  counters(): DaemonCounters {
    return this.#running.counters;
  }

  /** Which driver carries the packets, what the kernel does for it, and how many go at a time. */
  driver(): DriverReport {
    return this.#running.driver;
  }

  /**
   * Sends an IPv6 packet from the IPv6 side into the tunnel; only without TUN.
   *
   * @param packet - the whole packet; may be used again when this returns
   */
  send(packet: Uint8Array): void {
    this.#running.send(packet);
  }

  /** Ends the router and gives everything back. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #running(): RouterPath {
    return this.#carrier!;
  }

  async #open(options: RouterDaemonOptions): Promise<void> {
    const profile = chooseProfile(options);
    const { prefix, netid, routes, ipv6Side, allowPrivate, allowLoopback } = options;
    const machine = defined({ prefix, netid, routes, ipv6Side, allowPrivate, allowLoopback });
    const choice = await chooseDriver(options, profile);
    const carrier =
      choice.name === 'linux'
        ? await this.#openLinux(choice, options, profile, machine)
        : await this.#openPortable(choice, options, profile, machine);
    this.#carrier = carrier;
    try {
      carrier.configure(planOfRouter(carrier.query('address')));
    } catch (error) {
      await carrier.close();
      throw error;
    }
    carrier.start();
  }

  async #openPortable(
    { reason }: DriverChoice & { readonly name: 'portable' },
    options: RouterDaemonOptions,
    profile: Profile,
    machine: PlainOptions,
  ): Promise<RouterPath> {
    const random = options.random ?? secureRandom;
    return PortableDriver.open<Router, typeof routerQueries, typeof routerCommands>({
      datagrams: options.datagrams ?? (await PortableUdp.open(whereToListen(options, profile))),
      tun: options.tun ?? false,
      machine: (sink, { endpoint }) =>
        new Router({ ...endpoint, ...machine, profile, random }, sink),
      queries: routerQueries,
      commands: routerCommands,
      reason,
      onPacket: (packet) => this.emit('packet', packet),
      ...this.#listener,
      ...defined({ clock: options.clock }),
    });
  }

  #openLinux(
    { libc, offloads }: DriverChoice & { readonly name: 'linux' },
    options: RouterDaemonOptions,
    profile: Profile,
    machine: PlainOptions,
  ): Promise<RouterPath> {
    const udp = LinuxUdp.open(libc, {
      ...whereToListen(options, profile),
      sockets: checkWorkers(options.workers ?? defaultWorkers()),
      offloads: usesUdp(offloads),
    });
    return LinuxDriver.open<typeof routerQueries, typeof routerCommands>({
      libc,
      udp,
      tun: String(options.tun),
      machine: {
        kind: 'router',
        profile: plainProfile(profile),
        options: { ...udp.endpoint, ...machine },
      },
      offloads,
      queries: routerQueries,
      ...this.#listener,
    });
  }

  /** What both drivers tell. */
  get #listener(): {
    readonly onEvent: () => void;
    readonly onWarning: (error: StartError) => void;
    readonly onFailure: (error: StartError) => void;
  } {
    return {
      onEvent: () => {},
      onWarning: (error) => this.emit('warning', error),
      onFailure: (error) => void this.close().then(() => this.emit('error', error)),
    };
  }

  async #close(): Promise<void> {
    await this.#running.close();
    this.emit('close');
  }
}

/**
 * Starts a 6bed4 router: hands out addresses to peers, and relays between them and to its IPv6 side,
 * which is a TUN interface or this program.
 *
 * @throws UsageError for an option that cannot be used
 * @throws StartError when the port or the interface cannot be had
 *
 * @example
 * ```ts
 * const router = await startRouter({ listen: '127.0.0.1' });
 * console.log(router.address, router.prefix);
 * await router.close();
 * ```
 */
export function startRouter(options: RouterDaemonOptions): Promise<RouterDaemon> {
  return RouterDaemon.start(options);
}

function whereToListen(
  options: RouterDaemonOptions,
  profile: Profile,
): { readonly address: string; readonly port: number; readonly even: boolean } {
  const { listen = '' } = options;
  const first = checkingOptions(() => parseIPv4(listen, 'listen')) >>> 24;
  if (first === 0 || first >= FIRST_MULTICAST) {
    throw new UsageError('listen', listen, 'the IPv4 address by which peers reach this router');
  }
  const port = checkPort(options.port ?? profile.port);
  return { address: listen, port, even: !profile.layout.acceptsPort(1) };
}

/** Half of the processors, so that the other half is left to the kernel and to everything else. */
function defaultWorkers(): number {
  return Math.min(Math.max(availableParallelism() >> 1, 1), DEFAULT_MOST_WORKERS);
}

function checkWorkers(workers: number): number {
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw new UsageError('workers', String(workers), `an integer from 1 to ${MOST_WORKERS}`);
}

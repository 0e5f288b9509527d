import { availableParallelism } from 'node:os';
import {
  checkInteger,
  checkPort,
  type Endpoint,
  InvalidArgumentError,
  type Profile,
  parseEndpoint,
  parseIPv4,
} from '@6bed4/codec';
import { Router } from '@6bed4/tunnel';
import type { RouterDriver } from '../drivers/driver.js';
import { LinuxRouterDriver } from '../drivers/linux/linuxRouterDriver.js';
import { plainProfile } from '../drivers/linux/workerProtocol.js';
import { PortableRouterDriver } from '../drivers/portable/portableRouterDriver.js';
import { planOfRouter } from '../drivers/ports/interfacePlan.js';
import { checkInterfaceName } from '../drivers/tun/tunDevice.js';
import { StartError } from '../errors.js';
import { Daemon, type DaemonEvents } from './daemon.js';
import { type BindOptions, type DriverMaker, openDaemonDriver } from './openDaemonDriver.js';
import { type CommonOptions, chooseInbound, chooseProfile, NO_SINK } from './options.js';
import { surroundingsOf } from './surroundings.js';

const ANY_ADDRESS = '0.0.0.0';
const FIRST_MULTICAST = 224;
const MOST_WORKERS = 64;
const DEFAULT_MOST_WORKERS = 4;

/** Options of {@link startRouter}. */
export interface RouterDaemonOptions extends CommonOptions {
  /**
   * Own IPv4 address, the public one unless `publicEndpoint` is given; it is part of every address that is
   * handed out. With `publicEndpoint`, it may be private, or 0.0.0.0 for all. Needed unless `datagrams` is given.
   */
  readonly listen?: string | undefined;
  /**
   * UDP port; default: that of `publicEndpoint`, or the profile's well-known port, by which other routers find
   * this one.
   */
  readonly port?: number | undefined;
  /**
   * The endpoint at which peers and other routers reach this one, `A.B.C.D` or `A.B.C.D:port`, where a NAT or
   * firewall redirects it here, as in clouds; default: `listen` and `port`. The default port is the profile's
   * well-known one.
   */
  readonly publicEndpoint?: string | undefined;
  /** Prefix to serve, completed to /64 (draft-04 §3.3); default: the profile's. */
  readonly prefix?: string | undefined;
  /** Network identifier for prefixes with room for it, 0..65535; default: the profile's. */
  readonly netid?: number | undefined;
  /** Prefixes that are offered to peers as routes, at most 32. */
  readonly routes?: readonly string[] | undefined;
  /**
   * Prefixes that peers may reach on the IPv6 side besides `routes`; default: `2000::/3`, and none in draft04.
   * See `RouterOptions` of `@6bed4/tunnel`.
   */
  readonly forwardTo?: readonly string[] | undefined;
  /**
   * Rules of masquerading, such as `tcp:22=[2001:db8::5]:22`: ports of the router's address that are a host's.
   * See `RouterOptions` of `@6bed4/tunnel`. Not without an IPv6 side.
   */
  readonly masquerade?: readonly string[] | undefined;
  /**
   * Whether something behind this router takes IPv6 packets; default true. Without it, packets to
   * elsewhere are answered with "no route".
   */
  readonly ipv6Side?: boolean | undefined;
  /**
   * Threads of the Linux driver, 1 to 64: the kernel gives each flow to one of them. Default: half as
   * many as there are processors, 4 at most.
   */
  readonly workers?: number | undefined;
}

/** Events of a {@link RouterDaemon}. */
export interface RouterDaemonEvents extends DaemonEvents {
  /** A packet for the IPv6 side; only without TUN. */
  packet: [packet: Uint8Array];
  /** It begins to drain, or ceases to. */
  draining: [isDraining: boolean];
}

/** A running 6bed4 router; made by {@link startRouter}. */
export class RouterDaemon extends Daemon<RouterDaemonEvents> {
  #driver: RouterDriver | null = null;
  #publicEndpoint: Endpoint | null = null;
  #masquerade: readonly string[] = [];
  #isDraining = false;

  /** @internal */
  static async start(options: RouterDaemonOptions): Promise<RouterDaemon> {
    const daemon = new RouterDaemon(surroundingsOf(options).clock);
    await daemon.#open(options);
    return daemon;
  }

  /** The endpoint at which peers and other routers reach this one. */
  get publicEndpoint(): Endpoint {
    return this.#publicEndpoint ?? this.endpoint;
  }

  /** The router's own IPv6 address. */
  get address(): string {
    return this.running.address;
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return this.running.prefix;
  }

  /**
   * Offers other routes to peers from now on, and lets them reach other prefixes; see the options of the same names.
   * Peers learn them when they ask for an advertisement the next time.
   *
   * @throws InvalidArgumentError for what is no prefix, or more than 32 routes; nothing is changed then
   */
  setRoutes(routes: Pick<RouterDaemonOptions, 'routes' | 'forwardTo'>): void {
    this.running.setRoutes(routes);
  }

  /** Whether it wants no more traffic; see {@link drain}. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Says from now on that this router wants no more traffic. It relays everything as before: whoever sends traffic to it,
   * such as routers that know several of one address, can take others meanwhile, so that nothing is lost when it ends.
   */
  drain(): void {
    this.#setDraining(true);
  }

  /** Takes {@link drain} back. */
  resume(): void {
    this.#setDraining(false);
  }

  /** The rules of masquerading, as in the options. */
  get masquerade(): readonly string[] {
    return this.#masquerade;
  }

  /** @internal */
  protected override get running(): RouterDriver {
    return this.#driver!;
  }

  #setDraining(isDraining: boolean): void {
    if (this.#isDraining === isDraining) return;
    this.#isDraining = isDraining;
    this.emit('draining', isDraining);
  }

  async #open(options: RouterDaemonOptions): Promise<void> {
    const profile = chooseProfile(options);
    const listener = this.listener(() => {});
    this.#publicEndpoint = publicEndpointOf(options, profile);
    this.#masquerade = options.masquerade ?? [];
    const maker = routerMaker(options, profile, this.#publicEndpoint);
    const inbound = chooseInbound(options);
    const driver = await openDaemonDriver(options, profile, listener, maker);
    this.#driver = driver;
    await this.filterInbound(inbound);
    try {
      driver.configure(planOfRouter(driver.address, profile));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      // It is tried again; peers can be served until then. Listeners are added when the router has started.
      setImmediate(() => this.warn(error));
    }
    driver.start();
  }
}

/**
 * Starts a 6bed4 router: hands out addresses to peers, and relays between them and to its IPv6 side,
 * which is a TUN interface or this program.
 *
 * @throws InvalidArgumentError for an option that cannot be used
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

/**
 * Checks the options of {@link startRouter} without starting one.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 */
export function checkRouterOptions(options: RouterDaemonOptions): void {
  const profile = chooseProfile(options);
  const publicEndpoint = publicEndpointOf(options, profile);
  const maker = routerMaker(options, profile, publicEndpoint);
  chooseInbound(options);
  const { address, port } = maker.bindOptions();
  maker.sockets();
  if (typeof options.tun === 'string') checkInterfaceName(options.tun);
  const machine = machineOptions(options, profile);
  new Router({ ...(publicEndpoint ?? { address, port }), ...machine }, NO_SINK);
}

/** Makes the drivers of a router. */
function routerMaker(
  options: RouterDaemonOptions,
  profile: Profile,
  publicEndpoint: Endpoint | null,
): DriverMaker<RouterDriver> {
  const { profile: _, random: __, ...machine } = machineOptions(options, profile);
  return {
    bindOptions: () => bindOptions(options, profile, publicEndpoint),
    sockets: () => checkInteger('workers', options.workers ?? defaultWorkers(), 1, MOST_WORKERS),
    portable: (common) =>
      PortableRouterDriver.open({
        ...common,
        machine: (sink, { endpoint }) =>
          new Router(
            { ...(publicEndpoint ?? endpoint), ...machineOptions(options, profile) },
            sink,
          ),
      }),
    linux: (common) =>
      LinuxRouterDriver.open({
        ...common,
        machine: {
          kind: 'router',
          profile: plainProfile(profile),
          options: { ...(publicEndpoint ?? common.udp.endpoint), ...machine },
        },
      }),
  };
}

function machineOptions(options: RouterDaemonOptions, profile: Profile) {
  const { prefix, netid, routes, forwardTo, masquerade, ipv6Side } = options;
  const { allowPrivate, allowLoopback } = options;
  const forwarding = { routes, forwardTo, masquerade, ipv6Side };
  const machine = { prefix, netid, ...forwarding, allowPrivate, allowLoopback };
  return { ...machine, profile, random: surroundingsOf(options).random };
}

function bindOptions(
  options: RouterDaemonOptions,
  profile: Profile,
  publicEndpoint: Endpoint | null,
): BindOptions {
  const { listen = '' } = options;
  if (publicEndpoint === null) checkHost('listen', listen);
  else if (listen !== ANY_ADDRESS) checkHost('listen', listen, 'an IPv4 address of this computer');
  const port = checkPort('port', options.port ?? publicEndpoint?.port ?? profile.port);
  // A port of the system's choice has to be even only where peers see it.
  const even = publicEndpoint === null && !profile.layout.acceptsPort(1);
  return { address: listen, port, even };
}

function publicEndpointOf(options: RouterDaemonOptions, profile: Profile): Endpoint | null {
  const { publicEndpoint: text } = options;
  if (text === undefined) return null;
  const endpoint = parseEndpoint(text, profile.port, 'publicEndpoint');
  checkHost('publicEndpoint', endpoint.address);
  if (endpoint.port === 0) {
    throw new InvalidArgumentError('publicEndpoint', text, 'a port from 1 to 65535');
  }
  return endpoint;
}

/** Checks that an address can be one host's. */
function checkHost(
  field: string,
  address: string,
  expected = 'the IPv4 address by which peers reach this router',
): void {
  const first = parseIPv4(address, field) >>> 24;
  if (first === 0 || first >= FIRST_MULTICAST) {
    throw new InvalidArgumentError(field, address, expected);
  }
}

/** Half of the processors, so that the other half is left to the kernel and to everything else. */
function defaultWorkers(): number {
  return Math.min(Math.max(availableParallelism() >> 1, 1), DEFAULT_MOST_WORKERS);
}

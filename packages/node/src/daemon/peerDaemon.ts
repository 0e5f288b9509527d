import { EventEmitter } from 'node:events';
import {
  type Endpoint,
  formatEndpoint,
  type Profile,
  parseEndpoint,
  parseIPv4,
} from '@6bed4/codec';
import {
  type AddressLease,
  type PathChanged,
  Peer,
  type PeeringOptions,
  type PeerOptions,
  type PortRefused,
  type RemoteSnapshot,
  type RouterReachable,
  type RouterUnreachable,
  type TunnelEvent,
  type UplinkSnapshot,
} from '@6bed4/tunnel';
import { defined } from '../defined.js';
import type { DaemonCounters, Driver } from '../drivers/driver.js';
import type { DriverReport } from '../drivers/driverReport.js';
import { LinuxDriver } from '../drivers/linux/linuxDriver.js';
import { LinuxUdp } from '../drivers/linux/linuxUdp.js';
import { usesUdp } from '../drivers/linux/offloads.js';
import { plainProfile } from '../drivers/linux/workerProtocol.js';
import { peerCommands, peerQueries } from '../drivers/peerCalls.js';
import { type LocalSide, PortableDriver } from '../drivers/portable/portableDriver.js';
import { PortableUdp } from '../drivers/portable/portableUdp.js';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import { planOfPeer } from '../drivers/ports/interfacePlan.js';
import { checkRoute } from '../drivers/udp/reachability.js';
import { checkingOptions, StartError, UsageError } from '../errors.js';
import { secureRandom } from '../random.js';
import { chooseDriver, type DriverChoice } from './chooseDriver.js';
import { type CommonOptions, checkPort, chooseProfile } from './options.js';

/** Every second port is one that draft01 can express, unless a NAT is stubborn. */
const PORT_MOVES = 16;

const DEFAULT_KEEPALIVE_TTL = 3;

type PeerPath = Driver<typeof peerQueries, typeof peerCommands>;
/** @internal The portable driver of a peer. */
export type PortablePeerDriver = PortableDriver<Peer, typeof peerQueries, typeof peerCommands>;
type PlainOptions = Omit<PeerOptions, 'profile' | 'random'> & {
  readonly routers: readonly Endpoint[];
};

/** What {@link startPeer} is told. */
export interface PeerDaemonOptions extends CommonOptions {
  /** One or more routers to get addresses from, as `A.B.C.D` or `A.B.C.D:port`. */
  readonly routers: Endpoint | string | readonly (Endpoint | string)[];
  /** IPv4 address of this computer to use; default 0.0.0.0, which is all. */
  readonly listen?: string;
  /** UDP port; default 0, which lets the system choose. draft01 needs an even one. */
  readonly port?: number;
  /**
   * Keepalives to each router: `interval` in seconds (0 for none), `ttl` the IPv4 TTL (default 3;
   * 0 for the system's). Default: every 30 s.
   */
  readonly keepalive?: { readonly interval: number; readonly ttl?: number };
  /** Which address under each prefix is the peer's own, 1..16383; default 1. */
  readonly lanip?: number;
  /** With a TUN: send all IPv6 that has no better route into the tunnel; default false. */
  readonly defaultRoute?: boolean;
  /** How direct paths are found; default: as the dialect prescribes. */
  readonly peering?: PeeringOptions;
}

/** A router sees this peer at a UDP port that draft01 cannot express. */
export interface PortMove extends Omit<PortRefused, 'type'> {
  /** The local UDP port to which the peer moved; null when it stays, because the user chose the port
   * or because no port helps. */
  readonly movedTo: number | null;
}

/** What a {@link PeerDaemon} tells. */
export interface PeerDaemonEvents {
  /** A packet for one of the peer's addresses; only without TUN. */
  packet: [packet: Uint8Array];
  /** A router gave an address; `previous` is what it gave before, or null. */
  address: [lease: AddressLease, previous: AddressLease | null];
  /** An address is given up. */
  'address-lost': [lease: AddressLease];
  /** A router does not answer; the peer goes on asking. */
  'router-unreachable': [router: Omit<RouterUnreachable, 'type'>];
  /** A router that was reported unreachable answers again. */
  'router-reachable': [router: Omit<RouterReachable, 'type'>];
  /** A router refuses the peer's UDP port. */
  'port-refused': [move: PortMove];
  /** Packets to a remote take another path from now on, or the search for one was in vain. */
  path: [change: Omit<PathChanged, 'type'>];
  /** Something is not as it should be, but the peer goes on. */
  warning: [error: StartError];
  /** The peer cannot go on and has closed. */
  error: [error: StartError];
  /** Everything was given back. */
  close: [];
}

/** A running 6bed4 peer; made by {@link startPeer}. */
export class PeerDaemon extends EventEmitter<PeerDaemonEvents> {
  /** The first address; rejects when the peer is closed before it has one. */
  readonly ready: Promise<AddressLease>;

  readonly #profile: Profile;
  readonly #defaultRoute: boolean;
  readonly #mayMove: boolean;
  #carrier: PeerPath | null = null;
  #closing: Promise<void> | null = null;
  #moving = false;
  #moves = 0;
  #settleReady: { resolve: (lease: AddressLease) => void; reject: (error: Error) => void } | null =
    null;

  private constructor(options: PeerDaemonOptions, profile: Profile) {
    super();
    this.#profile = profile;
    this.#defaultRoute = options.defaultRoute ?? false;
    this.#mayMove = (options.port ?? 0) === 0;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Nobody has to wait for it.
    this.ready.catch(() => {});
  }

  /** @internal */
  static async start(options: PeerDaemonOptions, localSide?: LocalSide): Promise<PeerDaemon> {
    const profile = chooseProfile(options);
    const daemon = new PeerDaemon(options, profile);
    await daemon.#open(options, profile, localSide);
    return daemon;
  }

  /** @internal What carries its packets; only without TUN, where that is always the portable driver. */
  get portableDriver(): PortablePeerDriver {
    return this.#running as PortablePeerDriver;
  }

  /** @internal */
  get profile(): Profile {
    return this.#profile;
  }

  /** The address that the first answering router gave, or null while none has. */
  get address(): string | null {
    return this.leases[0]?.address ?? null;
  }

  /** What routers gave, in the order of the routers. */
  get leases(): readonly AddressLease[] {
    return this.uplinks().flatMap(({ lease }) => (lease === null ? [] : [lease]));
  }

  /** Where the peer's UDP socket is bound. */
  get endpoint(): Endpoint {
    return this.#running.endpoint;
  }

  /** Name of its TUN interface, or null. */
  get tun(): string | null {
    return this.#running.tun;
  }

  /** The routers of this peer and what they gave. */
  uplinks(): readonly UplinkSnapshot[] {
    return this.#running.query('uplinks');
  }

  /**
   * The remotes with which packets were exchanged lately, and their paths; the latest first. Times are
   * milliseconds on the clock of `performance.now`, or the one given.
   */
  remotes(): readonly RemoteSnapshot[] {
    return this.#running.command('remotes') ?? [];
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
   * Sends an IPv6 packet from one of the peer's addresses into the tunnel; only without TUN.
   *
   * @param packet - the whole packet; may be used again when this returns
   */
  send(packet: Uint8Array): void {
    this.#running.send(packet);
  }

  /**
   * As {@link send}, for a packet that the application sends again if no answer comes, such as a SIP
   * request over UDP: it goes straight to the remote, even where that path is not proved yet. Send it
   * again with {@link send}, which takes the usual way (draft-03 §8.7).
   *
   * @returns a number for {@link reportReply}, or 0 when the packet went its usual way
   */
  sendOpportunistic(packet: Uint8Array): number {
    return this.#running.command('sendPlayful', packet.slice()) ?? 0;
  }

  /**
   * The answer to what {@link sendOpportunistic} sent has come, before the packet was sent again.
   *
   * @returns whether that proved the direct path
   */
  reportReply(play: number): boolean {
    return this.#running.command('reportAnswer', play) ?? false;
  }

  /**
   * Asks one more router for an address.
   *
   * @throws UsageError when it is there already, is not an endpoint, or there are 16
   */
  addRouter(router: Endpoint | string): void {
    checkingOptions(() => this.#running.command('addRouter', router));
  }

  /** Gives up the address that a router gave, and forgets the router. */
  removeRouter(router: Endpoint | string): void {
    checkingOptions(() => this.#running.command('removeRouter', router));
  }

  /** Ends the peer and gives everything back. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #running(): PeerPath {
    return this.#carrier!;
  }

  async #open(
    options: PeerDaemonOptions,
    profile: Profile,
    localSide: LocalSide | undefined,
  ): Promise<void> {
    const routers = readRouters(options.routers, profile);
    const { lanip, peering, allowPrivate, allowLoopback } = options;
    const keepalive = options.keepalive && { ttl: DEFAULT_KEEPALIVE_TTL, ...options.keepalive };
    const machine = {
      routers,
      ...defined({ keepalive, lanip, peering, allowPrivate, allowLoopback }),
    };
    const choice = await chooseDriver(options, profile);
    this.#carrier =
      choice.name === 'linux'
        ? await this.#openLinux(choice, options, profile, machine)
        : await this.#openPortable(choice, options, profile, machine, localSide);
    this.#running.start();
    this.#running.command('start');
    if (this.#running.query('searchesLan')) await this.#listenOnLan(profile);
  }

  async #openPortable(
    { reason }: DriverChoice & { readonly name: 'portable' },
    options: PeerDaemonOptions,
    profile: Profile,
    machine: PlainOptions,
    localSide: LocalSide | undefined,
  ): Promise<PeerPath> {
    const random = options.random ?? secureRandom;
    return PortableDriver.open<Peer, typeof peerQueries, typeof peerCommands>({
      datagrams: options.datagrams ?? (await openUdp(options, profile, machine.routers)),
      tun: options.tun ?? false,
      machine: (sink) => new Peer({ ...machine, profile, random }, sink),
      queries: peerQueries,
      commands: peerCommands,
      reason,
      onPacket: (packet) => this.emit('packet', packet),
      ...this.#listener,
      ...defined({ clock: options.clock, localSide }),
    });
  }

  async #openLinux(
    { libc, offloads }: DriverChoice & { readonly name: 'linux' },
    options: PeerDaemonOptions,
    profile: Profile,
    machine: PlainOptions,
  ): Promise<PeerPath> {
    const { address, port, even } = whereToListen(options, profile);
    const sockets = 1;
    const udp = LinuxUdp.open(libc, { address, port, even, sockets, offloads: usesUdp(offloads) });
    await checkRoutes(udp, machine.routers, address);
    return LinuxDriver.open<typeof peerQueries, typeof peerCommands>({
      libc,
      udp,
      tun: String(options.tun),
      machine: { kind: 'peer', profile: plainProfile(profile), options: machine },
      offloads,
      queries: peerQueries,
      ...this.#listener,
    });
  }

  /** What both drivers tell. */
  get #listener(): {
    readonly onEvent: (event: TunnelEvent) => void;
    readonly onWarning: (error: StartError) => void;
    readonly onFailure: (error: StartError) => void;
  } {
    return {
      onEvent: (event) => this.#onEvent(event),
      onWarning: (error) => this.emit('warning', error),
      onFailure: (error) => void this.close().then(() => this.emit('error', error)),
    };
  }

  /** Lets others behind the same NAT find us; without it, they reach us by longer ways. */
  async #listenOnLan(profile: Profile): Promise<void> {
    try {
      await this.#running.listenOnLan(profile.port);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const why = `peers on the local network cannot find this one: ${error.message}`;
      const warning = new StartError(error.code, why, { cause: error });
      // Who listens for warnings begins to when the peer has started.
      setImmediate(() => this.emit('warning', warning));
    }
  }

  async #close(): Promise<void> {
    const carrier = this.#running;
    carrier.command('stop');
    await carrier.close();
    this.#settleReady?.reject(
      new StartError('ECANCELED', 'closed before a router gave an address'),
    );
    this.emit('close');
  }

  #onEvent(event: TunnelEvent): void {
    switch (event.type) {
      case 'address-acquired':
      case 'address-changed': {
        this.#moves = 0;
        this.#configure();
        const lease = leaseOf(event);
        this.#settleReady?.resolve(lease);
        this.#settleReady = null;
        this.emit('address', lease, event.type === 'address-changed' ? event.previous : null);
        break;
      }
      case 'address-lost':
        this.#configure();
        this.emit('address-lost', leaseOf(event));
        break;
      case 'router-unreachable':
        this.emit('router-unreachable', { router: event.router, attempts: event.attempts });
        break;
      case 'router-reachable':
        this.emit('router-reachable', { router: event.router });
        break;
      case 'path-changed': {
        const { type: _, ...change } = event;
        this.emit('path', change);
        break;
      }
      case 'port-refused':
        void this.#move(event);
        break;
    }
  }

  #configure(): void {
    try {
      this.#running.configure(planOfPeer(this.leases, this.#profile, this.#defaultRoute));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.emit('warning', error);
    }
  }

  /** Moves to another UDP port (draft-01 §4.1), a limited number of times. */
  async #move({ router, publicEndpoint }: PortRefused): Promise<void> {
    // All routers refuse the same port; one move is enough for them.
    if (this.#moving || this.#moves > PORT_MOVES) return;
    this.#moves++;
    if (!this.#mayMove || this.#moves > PORT_MOVES) {
      this.#moves = PORT_MOVES + 1;
      this.emit('port-refused', { router, publicEndpoint, movedTo: null });
      return;
    }
    this.#moving = true;
    try {
      await this.#running.rebind(true);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.emit('warning', error);
      return;
    } finally {
      this.#moving = false;
    }
    if (this.#closing !== null) return;
    this.emit('port-refused', { router, publicEndpoint, movedTo: this.endpoint.port });
    this.#running.command('solicit');
  }
}

/**
 * Starts a 6bed4 peer: gets an IPv6 address from a router and carries packets between it and a TUN
 * interface or this program. Resolves when the peer works; its address comes with `ready`.
 *
 * @throws UsageError for an option that cannot be used
 * @throws StartError when there is no route to any router, or the port or interface cannot be had
 *
 * @example
 * ```ts
 * const peer = await startPeer({ routers: '192.0.2.1' });
 * const { address } = await peer.ready;
 * peer.on('packet', (packet) => console.log(packet.length, 'bytes for', address));
 * ```
 */
export function startPeer(options: PeerDaemonOptions): Promise<PeerDaemon> {
  return PeerDaemon.start(options);
}

function leaseOf({ router, address, prefix, publicEndpoint, routes }: AddressLease): AddressLease {
  return { router, address, prefix, publicEndpoint, routes };
}

function readRouters(
  routers: Endpoint | string | readonly (Endpoint | string)[],
  profile: Profile,
): Endpoint[] {
  const list = Array.isArray(routers) ? routers : [routers];
  if (list.length === 0) throw new UsageError('routers', 'none', 'at least one');
  return list.map((router: Endpoint | string) => {
    const text = typeof router === 'string' ? router : formatEndpoint(router);
    const endpoint = checkingOptions(() => parseEndpoint(text, profile.port), 'routers');
    if (endpoint.port !== 0) return endpoint;
    throw new UsageError('routers', text, 'a port from 1 to 65535');
  });
}

function whereToListen(
  options: PeerDaemonOptions,
  profile: Profile,
): { readonly address: string; readonly port: number; readonly even: boolean } {
  const address = options.listen ?? '0.0.0.0';
  checkingOptions(() => parseIPv4(address, 'listen'));
  const port = checkPort(options.port ?? 0);
  if (port !== 0 && !profile.layout.acceptsPort(port)) {
    throw new UsageError('port', String(port), `a port that ${profile.layout.name} can express`);
  }
  return { address, port, even: !profile.layout.acceptsPort(1) };
}

async function openUdp(
  options: PeerDaemonOptions,
  profile: Profile,
  routers: readonly Endpoint[],
): Promise<DatagramPort> {
  const where = whereToListen(options, profile);
  const datagrams = await PortableUdp.open(where);
  await checkRoutes(datagrams, routers, where.address);
  return datagrams;
}

/** Closes the socket when there is no way to any router, and says so. @throws StartError */
async function checkRoutes(
  socket: { close(): unknown },
  routers: readonly Endpoint[],
  address: string,
): Promise<void> {
  try {
    await Promise.any(routers.map((router) => checkRoute(router, address)));
  } catch (error) {
    await socket.close();
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

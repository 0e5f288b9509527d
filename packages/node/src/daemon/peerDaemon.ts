import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, Profile } from '@6bed4/codec';
import type { GatewayUplinkState } from '@6bed4/gateway';
import type {
  AddressLease,
  PortRefused,
  RemoteSnapshot,
  TunnelEvent,
  UplinkSnapshot,
} from '@6bed4/tunnel';
import type { PeerDriver } from '../drivers/driver.js';
import { hasAddress } from '../drivers/interfaceReport.js';
import type { LocalSide } from '../drivers/portable/portableDriver.js';
import { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import { planOfPeer, type RouteWishes } from '../drivers/ports/interfacePlan.js';
import { sourceTowards } from '../drivers/udp/reachability.js';
import { StartError } from '../errors.js';
import { setImmediate } from '../realTimers.js';
import { AnnouncedLeases } from './announcedLeases.js';
import { Daemon } from './daemon.js';
import type { RouterLookup } from './namedRouter.js';
import { type NetworkWatch, watchNetwork } from './networkWatch.js';
import { openDaemonDriver } from './openDaemonDriver.js';
import { checkOptions, chooseInbound, chooseProfile } from './options.js';
import type { PeerDaemonEvents } from './peerEvents.js';
import { peerMaker } from './peerMaker.js';
import { type PeerDaemonOptions, readRouters, readWishes } from './peerOptions.js';
import { PeerUplink, warningAbout } from './peerUplink.js';
import { PortMoves } from './portMoves.js';
import { parseRouterReference, RouterNames, resolveIPv4 } from './routerNames.js';
import { surroundingsOf } from './surroundings.js';

/** A running 6bed4 peer; made by {@link startPeer}. */
export class PeerDaemon extends Daemon<PeerDaemonEvents> {
  /** The first address, once the interface has it, if there is one; rejects when the peer is closed before. */
  readonly ready: Promise<AddressLease>;

  readonly #profile: Profile;
  readonly #routers: RouterNames;
  readonly #portMoves: PortMoves;
  readonly #announced = new AnnouncedLeases(
    (address) => hasAddress(this.interfaceReport(), address),
    (lease, previous) => this.#announce(lease, previous),
  );
  #routeWishes: RouteWishes;
  #driver: PeerDriver | null = null;
  #watch: NetworkWatch | null = null;
  readonly #uplink = new PeerUplink({
    changed: (uplink) => this.#uplinkChanged(uplink),
    failed: (failure) => setImmediate(() => this.emit('gateway-failed', failure)),
  });
  #settleReady: { resolve: (lease: AddressLease) => void; reject: (error: Error) => void } | null =
    null;

  private constructor(options: PeerDaemonOptions, profile: Profile) {
    const { timers, clock } = surroundingsOf(options);
    super(clock);
    this.#profile = profile;
    this.#routeWishes = readWishes(options);
    this.#routers = new RouterNames({
      resolve: options.resolve ?? resolveIPv4,
      timers,
      allowLoopback: options.allowLoopback === true,
      changed: () => this.#useRouters(),
      lookedUp: (result) => this.emit('router-lookup', result),
    });
    this.#routers.set(readRouters(options.routers, profile));
    this.#portMoves = new PortMoves((options.port ?? 0) === 0);
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Nobody has to wait for it.
    this.ready.catch(() => {});
  }

  /** @internal */
  static async start(options: PeerDaemonOptions, localSide?: LocalSide): Promise<PeerDaemon> {
    checkOptions(options);
    const profile = chooseProfile(options);
    const daemon = new PeerDaemon(options, profile);
    await daemon.#open(options, localSide);
    return daemon;
  }

  /** @internal Its driver; only without TUN, where that is always the portable one. */
  get portableDriver(): PortablePeerDriver {
    const driver = this.#driver;
    if (driver instanceof PortablePeerDriver) return driver;
    throw new Error('this peer does not run on the portable driver');
  }

  /** @internal */
  get profile(): Profile {
    return this.#profile;
  }

  /** @internal */
  protected override get running(): PeerDriver {
    return this.#driver!;
  }

  /** The first of {@link leases}, or null while there is none. */
  get address(): string | null {
    return this.leases[0]?.address ?? null;
  }

  /** The addresses that routers gave, in the order of the routers; last those of routers that do not answer. */
  get leases(): readonly AddressLease[] {
    const leased = this.uplinks().filter(({ lease }) => lease !== null);
    const inOrder = [true, false].flatMap((is) => leased.filter((one) => one.reachable === is));
    return inOrder.map(({ lease }) => lease!);
  }

  /** @internal Whether there is a route to any router, as far as that is known. */
  get hasRoute(): boolean {
    return this.#watch?.hasRoute ?? true;
  }

  /** The gateway that datagrams take; null for UDP, and without a connection. */
  get gateway(): string | null {
    return this.#uplink.gateway;
  }

  /** The routers of this peer and what they gave. */
  uplinks(): readonly UplinkSnapshot[] {
    return this.running.uplinks();
  }

  /**
   * The remotes with which packets were exchanged lately, and their paths; the latest first. Times are
   * milliseconds on the clock of `performance.now`, or the one given.
   */
  remotes(): readonly RemoteSnapshot[] {
    return this.running.remotes();
  }

  /**
   * As {@link send}, for a packet that the application sends again if no reply comes, such as a SIP
   * request over UDP: it goes directly to the remote, even before that path is confirmed. Send it again
   * with {@link send}, which takes the usual way (draft-03 §8.7).
   *
   * @returns a number for {@link reportReply}, or 0 when the packet went its usual way
   */
  sendOpportunistic(packet: Uint8Array): number {
    return this.running.sendOpportunistic(packet);
  }

  /**
   * The reply to what {@link sendOpportunistic} sent has come, before the packet was sent again.
   *
   * @returns whether that confirmed the direct path
   */
  reportReply(number: number): boolean {
    return this.running.reportReply(number);
  }

  /**
   * Adds a router, and solicits an address from it.
   *
   * @throws InvalidArgumentError when it is there already, is not an endpoint, or there are 16
   */
  addRouter(router: Endpoint | string): void {
    const reference = parseRouterReference(router, this.#profile.port);
    if (!('name' in reference)) this.running.addRouter(reference);
    this.#routers.set([...this.#routers.references, reference]);
    this.#useRouters();
  }

  /** Gives up the address that a router gave, and removes the router. */
  removeRouter(router: Endpoint | string): void {
    const gone = parseRouterReference(router, this.#profile.port);
    this.#routers.set(this.#routers.references.filter((one) => !isDeepStrictEqual(one, gone)));
    // One that is there only for a while is not among them.
    if (!('name' in gone)) this.running.removeRouter(gone);
    this.#useRouters();
  }

  /**
   * Has these routers and no others, in this order of preference. Those that were there already keep the
   * addresses that they gave.
   *
   * @throws InvalidArgumentError for one that is none or there twice, or more than 16; nothing is changed then
   */
  setRouters(routers: PeerDaemonOptions['routers']): void {
    const references = readRouters(routers, this.#profile);
    this.#routers.set(references, (endpoints) => this.running.setRouters(endpoints));
    this.#useRouters();
  }

  /** The last look-up of each router that has a host name. */
  lookups(): readonly RouterLookup[] {
    return this.#routers.lookups;
  }

  /**
   * Has other wishes for the routes of its interface from now on; see the options of the same names.
   *
   * @throws InvalidArgumentError for what is no prefix; nothing is changed then
   */
  setRouteWishes(wishes: Pick<PeerDaemonOptions, 'defaultRoute' | 'acceptRoutes'>): void {
    this.#routeWishes = readWishes(wishes);
    this.#configure();
  }

  async #open(options: PeerDaemonOptions, localSide: LocalSide | undefined): Promise<void> {
    const profile = this.#profile;
    const listener = this.listener((event) => this.#onEvent(event));
    const maker = peerMaker(options, profile, localSide, this.#uplink.maker(options, profile));
    const inbound = chooseInbound(options);
    const driver = await openDaemonDriver(options, profile, listener, maker);
    this.#driver = driver;
    await this.filterInbound(inbound);
    this.#watch = await this.#watchNetwork(options);
    driver.start();
    if (driver.searchesLan) await this.#listenOnLan();
    // Listeners are added when the peer has started.
    setImmediate(() => this.#startNames());
  }

  #uplinkChanged({ gateway, hello }: GatewayUplinkState): void {
    if (this.isClosing) return;
    const publicEndpoint = hello?.endpoint ?? null;
    const warning = hello && warningAbout(gateway!, hello.routers, this.#routers.endpoints);
    if (warning !== null) this.warn(warning);
    this.emit('uplink', { gateway, publicEndpoint });
    this.running.solicit();
  }

  #startNames(): void {
    if (!this.isClosing) this.#routers.start();
  }

  /** Has the routers that are known now. */
  #useRouters(): void {
    if (this.isClosing) return;
    this.running.setRouters(this.#routers.endpoints);
    this.#configure();
    this.#watch?.routersChanged();
    this.#startNames();
  }

  /** @internal */
  protected override async localAddress(): Promise<string> {
    const [first] = this.uplinks();
    try {
      if (first !== undefined) return await sourceTowards(first.router, this.endpoint.address);
    } catch {
      // There is no route now.
    }
    return super.localAddress();
  }

  #watchNetwork(options: PeerDaemonOptions): Promise<NetworkWatch> {
    const { running, clock } = this;
    return watchNetwork(options, {
      ...{ running, clock },
      routers: () => this.uplinks().flatMap(({ router, temporary }) => (temporary ? [] : [router])),
      moved: () => {
        this.#uplink.networkChanged();
        running.solicit();
      },
      noRoute: (error) => this.emit('no-route', error),
    });
  }

  /** Lets others behind the same NAT find this peer; otherwise they reach it by longer ways. */
  async #listenOnLan(): Promise<void> {
    try {
      await this.running.listenOnLan(this.#profile.port);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const why = `peers on the local network cannot find this one: ${error.message}`;
      const warning = new StartError(error.code, why, { cause: error });
      // Listeners for warnings are added when the peer has started.
      setImmediate(() => this.warn(warning));
    }
  }

  /** @internal */
  protected override async end(): Promise<void> {
    this.#routers.close();
    this.#watch?.close();
    this.running.stop();
    await super.end();
    this.#settleReady?.reject(
      new StartError('ECANCELED', 'closed before a router gave an address'),
    );
  }

  /** @internal */
  protected override interfaceChanged(): void {
    if (!this.isClosing) this.#announced.interfaceChanged();
    super.interfaceChanged();
  }

  #announce(lease: AddressLease, previous: AddressLease | null): void {
    this.#settleReady?.resolve(lease);
    this.#settleReady = null;
    this.emit('address', lease, previous);
  }

  #onEvent(event: TunnelEvent): void {
    switch (event.type) {
      case 'address-acquired':
      case 'address-changed': {
        this.#portMoves.accepted();
        this.#configure();
        this.#routers.answered(event.router);
        this.#announced.acquired(leaseOf(event));
        break;
      }
      case 'address-lost':
        this.#configure();
        if (this.#announced.lost(event.router)) this.emit('address-lost', leaseOf(event));
        break;
      case 'router-unreachable':
        this.#configure();
        this.#routers.silent(event.router);
        this.emit('router-unreachable', { router: event.router, attempts: event.attempts });
        break;
      case 'router-reachable':
        this.#configure();
        this.#routers.answered(event.router);
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
      const leases = this.uplinks().flatMap(({ lease, temporary, reachable }) =>
        lease === null ? [] : [{ ...lease, temporary, reachable }],
      );
      this.running.configure(planOfPeer(leases, this.#profile, this.#routeWishes));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.warn(error);
    }
  }

  /** Moves to another UDP port, if that helps. */
  async #move({ router, publicEndpoint }: PortRefused): Promise<void> {
    let hasMoved: boolean | null;
    try {
      hasMoved = await this.#portMoves.refused(() => this.running.rebind(true));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.warn(error);
      return;
    }
    if (hasMoved === null || this.isClosing) return;
    const movedTo = hasMoved ? this.endpoint.port : null;
    this.emit('port-refused', { router, publicEndpoint, movedTo });
    if (!hasMoved) return;
    this.#watch?.tellSubnets();
    this.running.solicit();
  }
}

/**
 * Starts a 6bed4 peer: gets an IPv6 address from a router and carries packets between it and a TUN
 * interface or this program. Resolves when the peer works; its address comes with `ready`, be it that the
 * network is not up yet, which the event `no-route` tells.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 * @throws StartError when there never can be a route to any router, or the port or interface cannot be had
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

function leaseOf(lease: AddressLease): AddressLease {
  const { router, address, prefix, publicEndpoint, temporary, routes, defaultRouter } = lease;
  return { router, address, prefix, publicEndpoint, temporary, routes, defaultRouter };
}

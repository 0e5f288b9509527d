import { type Endpoint, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { DatagramPool } from '../datagram/datagram.js';
import { GatewayNode } from '../gateway/gatewayNode.js';
import { PeerNode } from '../host/peerNode.js';
import { RouterNode, type RouterSettings } from '../host/routerNode.js';
import { UdpNode } from '../host/udpNode.js';
import type { Firewall } from '../nat/firewall.js';
import type { LinuxNat } from '../nat/linuxNat.js';
import type { Nat } from '../nat/nat.js';
import { AddressPool } from '../network/addressPool.js';
import { Network } from '../network/network.js';
import { Random } from '../time/random.js';
import { Scheduler } from '../time/scheduler.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import { ladder } from '../trace/ladder.js';
import { mermaid } from '../trace/mermaid.js';
import { pcap } from '../trace/pcap.js';
import type { TraceSelection } from '../trace/selectArrows.js';
import { Trace } from '../trace/trace.js';
import { World } from '../world/world.js';
import type {
  FirewallDescription,
  GatewayDescription,
  InternetOptions,
  InternetStatistics,
  LinuxNatDescription,
  NatDescription,
  PeerDescription,
  Placement,
} from './descriptions.js';
import { Middleboxes } from './middleboxes.js';
import { Placements } from './placements.js';
import { type PlayOptions, play } from './play.js';

/** Addresses of public nodes whose description has none (RFC 2544 appendix C: benchmarks). */
const PUBLIC_POOL = '198.18.0.0/15';
const CORE = 'core';
const DEFAULT_HOPS = 8;
const MOST_HOPS = 200;
/** Machines may assume nothing about the origin of their clocks, so each gets another. */
const MOST_CLOCK = 1_000_000_000;

/**
 * A deterministic Internet in virtual time.
 *
 * @example
 * ```ts
 * const net = new Internet({ seed: 1, trace: true });
 * net.router('r', { address: '198.51.100.1' });
 * const a = net.peer('a', { behind: net.nat('natA', { external: '192.0.2.10' }) });
 * net.run(1_000);
 * console.log(a.address, net.ladder());
 * ```
 */
export class Internet {
  /** The seed of every random number in it. */
  readonly seed: number;
  readonly #world: World;
  readonly #core: Network;
  readonly #places: Placements;
  readonly #middleboxes: Middleboxes;
  readonly #clocks: Random;
  readonly #names = new Set<string>();
  readonly #routers: RouterNode[] = [];
  readonly #peers: PeerNode[] = [];
  #isPlaying = false;

  constructor(options: InternetOptions = {}) {
    this.seed = options.seed ?? 1;
    const hops = options.coreHops ?? DEFAULT_HOPS;
    if (!Number.isInteger(hops) || hops < 0 || hops > MOST_HOPS) {
      throw new RangeError(`coreHops: ${hops}, expected an integer from 0 to ${MOST_HOPS}`);
    }
    const random = new Random(this.seed);
    const trace = options.trace === true ? new Trace() : null;
    this.#world = new World(new Scheduler(), new DatagramPool(), random, trace);
    this.#clocks = random.stream('clocks');
    this.#core = new Network(this.#world, {
      name: CORE,
      hops,
      multicast: false,
      gateway: null,
      addresses: new AddressPool(PUBLIC_POOL),
    });
    this.#places = new Placements(this.#core);
    this.#middleboxes = new Middleboxes(this.#world, this.#places);
  }

  /** Milliseconds of virtual time since the beginning. */
  get now(): number {
    return this.#world.scheduler.now;
  }

  /** The recorded trace; null when nothing is recorded. */
  get trace(): Trace | null {
    return this.#world.trace;
  }

  /** All peers, in order of creation. */
  get peers(): readonly PeerNode[] {
    return this.#peers;
  }

  /** All routers, in order of creation. */
  get routers(): readonly RouterNode[] {
    return this.#routers;
  }

  /** Counts of datagrams so far, and of what waits. */
  get statistics(): InternetStatistics {
    const { sent, delivered, dropped, scheduler } = this.#world;
    return { sent, delivered, dropped, waiting: scheduler.waiting };
  }

  /**
   * Lets so many milliseconds of virtual time pass.
   *
   * @throws Error while a program is played, for which time goes on by itself
   */
  run(milliseconds: number): void {
    this.#refuseWhilePlaying('run');
    this.#world.scheduler.runUntil(this.now + milliseconds);
  }

  /**
   * Lets time pass until a condition holds; it is checked after each event.
   *
   * @param limit - milliseconds to wait at most
   * @returns milliseconds until it held, null when it did not
   */
  runUntil(condition: () => boolean, limit: number): number | null {
    this.#refuseWhilePlaying('runUntil');
    const { scheduler } = this.#world;
    const start = this.now;
    while (!condition()) {
      if (scheduler.nextTime > start + limit) {
        scheduler.runUntil(start + limit);
        return condition() ? limit : null;
      }
      scheduler.runUntil(scheduler.nextTime);
    }
    return this.now - start;
  }

  /** Lets time pass until no event is due; never returns while peers run. */
  runUntilQuiet(): void {
    this.#refuseWhilePlaying('runUntilQuiet');
    const { scheduler } = this.#world;
    while (scheduler.nextTime < Number.POSITIVE_INFINITY) scheduler.runUntil(scheduler.nextTime);
  }

  /** Runs an action at a time, in milliseconds. */
  at(time: number, action: () => void): void {
    const world = this.#world;
    world.scheduler.at(time, {
      happen: () => {
        world.isTouched = true;
        action();
      },
    });
  }

  /** Calls a function once after a delay in milliseconds of virtual time; its method `close` cancels that. */
  setTimeout(callback: () => void, delay: number): VirtualTimer {
    return new VirtualTimer(this.#world, callback, delay);
  }

  /** Resolves after so many milliseconds of virtual time. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, milliseconds));
  }

  /**
   * Runs an asynchronous program while virtual time goes on: a step whenever `settle` says that the program waits. It
   * ends with the program; what an action or a listener throws ends it, too. On Node.js, `simulate` of
   * `@6bed4/simulator/node` does this with all that it needs.
   *
   * @returns what the program returns
   * @throws Error when the program is not over after `limit`, or waits and nothing is going to happen
   */
  async play<T>(program: (net: this) => Promise<T> | T, options: PlayOptions): Promise<T> {
    this.#refuseWhilePlaying('play');
    this.#isPlaying = true;
    try {
      return await play(this.#world, () => program(this), options);
    } finally {
      this.#isPlaying = false;
    }
  }

  /** Lets the trace call an IPv6 address by a name, such as that of the host that has it. */
  nameAddress(address: string, name: string): void {
    this.#world.trace?.nameAddress(formatIPv6(parseIPv6(address, 'address')), name);
  }

  /** Makes a host, for plain UDP sockets and for programs that use `@6bed4/node`. @throws Error when name or address are taken */
  host(name: string, placement: Placement = {}): UdpNode {
    this.#name(name);
    return new UdpNode(this.#world, name, this.#places.attachment(placement));
  }

  /** Makes a router on the public core. @throws Error when name or address are taken */
  router(name: string, description: RouterSettings & Omit<Placement, 'behind'> = {}): RouterNode {
    this.#name(name);
    const { address, link, ...settings } = description;
    const attachment = this.#places.attachment({
      ...(address === undefined ? {} : { address }),
      ...(link === undefined ? {} : { link }),
    });
    const router = new RouterNode(this.#world, name, settings, this.#clock(), attachment);
    this.#world.trace?.nameAddress(router.address, name);
    this.#routers.push(router);
    return router;
  }

  /** Makes a gateway on the public core, for peers whose networks block UDP. @throws Error when name or address are taken */
  gateway(name: string, description: GatewayDescription = {}): GatewayNode {
    this.#name(name);
    const { address, link, routers, ...settings } = description;
    const attachment = this.#places.attachment({
      ...(address === undefined ? {} : { address }),
      ...(link === undefined ? {} : { link }),
    });
    const served = { ...settings, routers: routers ?? this.#routerEndpoints() };
    return new GatewayNode(this.#world, name, served, attachment);
  }

  /** Makes a peer. @throws Error when name or address are taken */
  peer(name: string, description: PeerDescription = {}): PeerNode {
    this.#name(name);
    const { behind, address, link, start, routers, ...settings } = description;
    const attachment = this.#places.attachment({
      behind,
      ...(address === undefined ? {} : { address }),
      ...(link === undefined ? {} : { link }),
    });
    const peer = new PeerNode(
      this.#world,
      name,
      { ...settings, routers: routers ?? this.#routerEndpoints() },
      this.#clock(),
      attachment,
    );
    this.#peers.push(peer);
    if (start ?? true) peer.start();
    return peer;
  }

  /** Makes a NAT. @throws Error when name or address are taken */
  nat(name: string, description: NatDescription = {}): Nat {
    this.#name(name);
    return this.#middleboxes.nat(name, description);
  }

  /** Makes a NAT as Linux has it. @throws Error when name or address are taken */
  linuxNat(name: string, description: LinuxNatDescription = {}): LinuxNat {
    this.#name(name);
    return this.#middleboxes.linuxNat(name, description);
  }

  /** Makes a stateful firewall. @throws Error when the name is taken */
  firewall(name: string, description: FirewallDescription = {}): Firewall {
    this.#name(name);
    return this.#middleboxes.firewall(name, description);
  }

  /**
   * Moves a peer or host to another network or address. It keeps running; peers, also those of `@6bed4/node` on a host,
   * solicit their routers again.
   *
   * @throws Error when the address is taken
   */
  move(node: PeerNode | UdpNode, placement: Placement): void {
    node.moveTo(this.#places.attachment(placement));
  }

  /** Forbids UDP between two public IPv4 addresses, both ways. */
  block(one: string, other: string): void {
    this.#core.setBlocked(this.#places.parse(one, 'one'), this.#places.parse(other, 'other'), true);
  }

  /** Allows UDP between them again. */
  unblock(one: string, other: string): void {
    this.#core.setBlocked(
      this.#places.parse(one, 'one'),
      this.#places.parse(other, 'other'),
      false,
    );
  }

  /** The trace as text with a column for each node. @throws Error when nothing is recorded */
  ladder(options: TraceSelection = {}): string {
    return ladder(this.#recorded(), options);
  }

  /** The trace as a sequence diagram for Mermaid. @throws Error when nothing is recorded */
  mermaid(options: TraceSelection = {}): string {
    return mermaid(this.#recorded(), options);
  }

  /**
   * The trace as the bytes of a pcap file of raw IPv4 packets.
   *
   * @param node - name of the host, or of the NAT (datagrams as they left it), to see it from; default:
   *   the public core
   * @throws Error when nothing is recorded
   */
  toPcap(node: string = CORE): Uint8Array {
    const entries = this.#recorded().entries;
    return pcap(entries.filter((entry) => entry.node === node && entry.kind !== 'drop'));
  }

  #recorded(): Trace {
    const { trace } = this.#world;
    if (trace === null) throw new Error('nothing is recorded: make the Internet with trace: true');
    return trace;
  }

  #refuseWhilePlaying(method: string): void {
    if (!this.#isPlaying) return;
    throw new Error(
      `${method}: a program is played, and time goes on by itself: await net.sleep(ms)`,
    );
  }

  #name(name: string): void {
    if (this.#names.has(name) || name === CORE) throw new Error(`there is a node ${name} already`);
    this.#names.add(name);
    this.#world.trace?.addNode(name);
  }

  #clock(): number {
    return this.#clocks.integer(0, MOST_CLOCK);
  }

  #routerEndpoints(): Endpoint[] {
    return this.#routers.map((router) => router.endpoint);
  }
}

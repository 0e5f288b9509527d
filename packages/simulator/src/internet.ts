import { type Endpoint, isIPv4Multicast, parseIPv4 } from '@6bed4/codec';
import { DatagramPool } from './datagram/datagram.js';
import type { HostPlace } from './host/host.js';
import { PeerNode, type PeerSettings } from './host/peerNode.js';
import { RouterNode, type RouterSettings } from './host/routerNode.js';
import { UdpHost } from './host/udpHost.js';
import type { FilteringBehaviour, NatBehaviour } from './nat/behavior.js';
import { Firewall } from './nat/firewall.js';
import { Nat } from './nat/nat.js';
import { Random } from './time/random.js';
import { Scheduler } from './time/scheduler.js';
import { ladder } from './trace/ladder.js';
import { mermaid } from './trace/mermaid.js';
import { pcap } from './trace/pcap.js';
import type { LadderOptions } from './trace/selection.js';
import { Trace } from './trace/trace.js';
import { AddressPool } from './wire/addressPool.js';
import type { LinkDescription } from './wire/link.js';
import { Segment } from './wire/segment.js';
import { World } from './world.js';

/** What an {@link Internet} is. */
export interface InternetOptions {
  /** The simulation is the same for the same seed; an integer, its low 32 bits count. Default 1. */
  readonly seed?: number;
  /** Whether everything is recorded, which costs time and memory; default false. */
  readonly trace?: boolean;
  /** IPv4 routers on every way through the public core, 0..200; default 8. */
  readonly coreHops?: number;
}

/** Where a node is. */
export interface Place {
  /** The NAT or firewall that it stands behind; default: none, it is on the public core. */
  readonly behind?: Nat | Firewall;
  /** IPv4 address in that network; default: the next one that is free. */
  readonly address?: string;
  /** Its link to that network; default 5 ms each way, without faults. */
  readonly link?: LinkDescription;
}

/** A peer and where it is. */
export interface PeerDescription extends Place, Omit<PeerSettings, 'routers'> {
  /** Default: all routers of this Internet so far. */
  readonly routers?: PeerSettings['routers'];
  /** Whether it starts at once; default true. */
  readonly start?: boolean;
}

/** A NAT and where it is. */
export interface NatDescription extends NatBehaviour {
  /** Outside IPv4 address; default: the next one that is free. */
  readonly external?: string;
  /** The NAT or firewall that it stands behind itself. */
  readonly behind?: Nat | Firewall;
  /** Its link to the outside; default 5 ms each way, without faults. */
  readonly link?: LinkDescription;
  /** The network inside, `A.B.C.D/length`; default 10.n.0.0/16, another one for each NAT. */
  readonly network?: string;
  /** Static port forwardings: outside port to inside `A.B.C.D:port`. */
  readonly forwards?: Readonly<Record<number, string>>;
}

/** A stateful firewall and where it is. */
export interface FirewallDescription extends FilteringBehaviour {
  /** The NAT or firewall that it stands behind itself. */
  readonly behind?: Nat | Firewall;
  /** Its link to the outside; default 5 ms each way, without faults. */
  readonly link?: LinkDescription;
}

/** Public addresses for those who want none in particular (RFC 2544 appendix C: benchmarks). */
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
  /** What everything in it was drawn from. */
  readonly seed: number;
  readonly #world: World;
  readonly #core: Segment;
  readonly #clocks: Random;
  readonly #names = new Set<string>();
  readonly #routers: RouterNode[] = [];
  readonly #peers: PeerNode[] = [];
  #nats = 0;

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
    this.#core = new Segment(this.#world, {
      name: CORE,
      hops,
      multicast: false,
      gateway: null,
      addresses: new AddressPool(PUBLIC_POOL),
    });
  }

  /** Milliseconds of virtual time since the beginning. */
  get now(): number {
    return this.#world.scheduler.now;
  }

  /** What was recorded; null when nothing is. */
  get trace(): Trace | null {
    return this.#world.trace;
  }

  /** All peers, in order of their making. */
  get peers(): readonly PeerNode[] {
    return this.#peers;
  }

  /** All routers, in order of their making. */
  get routers(): readonly RouterNode[] {
    return this.#routers;
  }

  /** Datagrams so far: sent by hosts, delivered to sockets, and dropped (copies included). */
  get statistics(): {
    readonly sent: number;
    readonly delivered: number;
    readonly dropped: number;
  } {
    const { sent, delivered, dropped } = this.#world;
    return { sent, delivered, dropped };
  }

  /** Lets so many milliseconds of virtual time pass. */
  run(milliseconds: number): void {
    this.#world.scheduler.runUntil(this.now + milliseconds);
  }

  /**
   * Lets time pass until a condition holds, which is asked after each event.
   *
   * @param limit - milliseconds to wait at most
   * @returns milliseconds that it took, null when it did not come about
   */
  runUntil(condition: () => boolean, limit: number): number | null {
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

  /** Lets time pass until nothing is to happen any more: never, where peers run. */
  runUntilQuiet(): void {
    const { scheduler } = this.#world;
    while (scheduler.nextTime < Number.POSITIVE_INFINITY) scheduler.runUntil(scheduler.nextTime);
  }

  /** Lets something happen at a time, in milliseconds. */
  at(time: number, action: () => void): void {
    this.#world.scheduler.at(time, { happen: action });
  }

  /** Makes a computer with plain UDP sockets. @throws Error when name or address are taken */
  host(name: string, place: Place = {}): UdpHost {
    this.#name(name);
    return new UdpHost(this.#world, name, this.#place(place));
  }

  /** Makes a router on the public core. @throws Error when name or address are taken */
  router(name: string, description: RouterSettings & Omit<Place, 'behind'> = {}): RouterNode {
    this.#name(name);
    const { address, link, ...settings } = description;
    const place = this.#place({
      ...(address === undefined ? {} : { address }),
      ...(link === undefined ? {} : { link }),
    });
    const router = new RouterNode(this.#world, name, settings, this.#clock(), place);
    this.#world.trace?.nameAddress(router.address, name);
    this.#routers.push(router);
    return router;
  }

  /** Makes a peer. @throws Error when name or address are taken */
  peer(name: string, description: PeerDescription = {}): PeerNode {
    this.#name(name);
    const { behind, address, link, start, routers, ...settings } = description;
    const place = this.#place({
      ...(behind === undefined ? {} : { behind }),
      ...(address === undefined ? {} : { address }),
      ...(link === undefined ? {} : { link }),
    });
    const peer = new PeerNode(
      this.#world,
      name,
      { ...settings, routers: routers ?? this.#routerEndpoints() },
      this.#clock(),
      place,
    );
    this.#peers.push(peer);
    if (start ?? true) peer.start();
    return peer;
  }

  /** Makes a NAT. @throws Error when name or address are taken */
  nat(name: string, description: NatDescription = {}): Nat {
    this.#name(name);
    const { external, behind, link, network, forwards, ...behaviour } = description;
    const outside = this.#segment(behind);
    const address =
      external === undefined ? outside.freeAddress() : this.#parse(external, 'external');
    const nat = new Nat(this.#world, name, behaviour, address, {
      outside,
      link: link ?? {},
      addresses: new AddressPool(network ?? `10.${this.#nats++ % 256}.0.0/16`),
    });
    for (const [port, inside] of Object.entries(forwards ?? {})) nat.forward(Number(port), inside);
    return nat;
  }

  /** Makes a stateful firewall. @throws Error when the name is taken */
  firewall(name: string, description: FirewallDescription = {}): Firewall {
    this.#name(name);
    const { behind, link, ...behaviour } = description;
    const outside = this.#segment(behind);
    return new Firewall(this.#world, name, behaviour, {
      outside,
      link: link ?? {},
      addresses: outside.addresses,
    });
  }

  /** Moves a peer to another place; it keeps running, and asks its routers again. */
  move(peer: PeerNode, place: Place): void {
    peer.moveTo(this.#place(place));
  }

  /** Forbids UDP between two public IPv4 addresses, both ways. */
  block(one: string, other: string): void {
    this.#core.setBlocked(this.#parse(one, 'one'), this.#parse(other, 'other'), true);
  }

  /** Allows it again. */
  unblock(one: string, other: string): void {
    this.#core.setBlocked(this.#parse(one, 'one'), this.#parse(other, 'other'), false);
  }

  /** A readable picture of what was recorded. @throws Error when nothing is */
  ladder(options: LadderOptions = {}): string {
    return ladder(this.#recorded(), options);
  }

  /** The same as a sequence diagram for Mermaid. @throws Error when nothing is recorded */
  mermaid(options: LadderOptions = {}): string {
    return mermaid(this.#recorded(), options);
  }

  /**
   * What was recorded, as the bytes of a pcap file of raw IPv4 packets.
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

  #name(name: string): void {
    if (this.#names.has(name) || name === CORE) throw new Error(`there is a node ${name} already`);
    this.#names.add(name);
    this.#world.trace?.addNode(name);
  }

  #segment(behind: Nat | Firewall | undefined): Segment {
    return behind?.inside ?? this.#core;
  }

  #place(place: Place): HostPlace {
    const segment = this.#segment(place.behind);
    const address =
      place.address === undefined ? segment.freeAddress() : this.#parse(place.address, 'address');
    return { segment, address, link: place.link ?? {} };
  }

  #parse(text: string, field: string): number {
    const address = parseIPv4(text, field);
    if (isIPv4Multicast(address)) throw new Error(`${field}: ${text} is a multicast group`);
    return address | 0;
  }

  #clock(): number {
    return this.#clocks.integer(0, MOST_CLOCK);
  }

  #routerEndpoints(): Endpoint[] {
    return this.#routers.map((router) => router.endpoint);
  }
}

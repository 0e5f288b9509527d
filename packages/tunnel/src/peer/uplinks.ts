import {
  type Endpoint,
  formatEndpoint,
  formatIPv4,
  InvalidArgumentError,
  is6bed4Prefixed,
  isIPv4Loopback,
  parseIPv4,
  readInt32,
  UdpEndpoint,
} from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { EndpointPolicy } from '../address/endpointPolicy.js';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import {
  MAX_TEMPORARY_UPLINKS,
  MAX_UPLINKS,
  TEMPORARY_ATTEMPTS,
  TEMPORARY_IDLE,
} from '../defaults.js';
import type { MachineOutput } from '../machine/output.js';
import type { DropCode } from '../report/drop.js';
import { ROUTER_IN_PREFIX } from '../specification.js';
import { KeepalivePace } from './keepalivePace.js';
import type { Lease } from './lease.js';
import { checkRouter, type PeerSettings, parseRouter } from './peerOptions.js';
import { RouterDiscovery } from './routerDiscovery.js';
import { TrapeziumMonitor } from './trapeziumMonitor.js';
import { Uplink, type UplinkSnapshot } from './uplink.js';
import { UplinkLookups } from './uplinkLookups.js';

/**
 * The routers of one peer, one uplink each: those of its user, and some of its own for a while, where that saves
 * packets the way through a second router.
 */
export class Uplinks extends UplinkLookups {
  readonly #settings: PeerSettings;
  readonly #discovery: RouterDiscovery;
  readonly #trapezium = new TrapeziumMonitor();
  /** The second router of the packet at hand; written over for each. */
  readonly #second = new UdpEndpoint();
  #policy: EndpointPolicy;
  /** Where configured routers see us, as far as direct paths are concerned; null before the first lease. */
  #seenAt: Lease | null = null;
  #isRunning = false;

  /**
   * @param addressesChanged - is called when addresses came or went; `moved` says whether we are seen at
   * another endpoint than before
   */
  constructor(
    settings: PeerSettings,
    output: MachineOutput,
    addressesChanged: (moved: boolean, now: number) => void,
  ) {
    super(settings.profile);
    this.#settings = settings;
    this.#discovery = new RouterDiscovery(settings, output, {
      accepts: (endpoint) => this.accepts(endpoint),
      leaseAdopted: (uplink, lease, now) => {
        const { temporary, endpoint } = uplink;
        if (temporary) this.#trapezium.settle(endpoint.addressBits, true, now);
        addressesChanged(!temporary && this.#isMoved(lease), now);
      },
      leaseLost: () => addressesChanged(false, 0),
      alternativesTo: (uplink) => this.#alternativesTo(uplink),
    });
    this.#policy = this.#choosePolicy();
  }

  // Commands

  /** Whether {@link start} was called, and {@link stop} not since. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Begins to solicit all routers. */
  start(now: number): void {
    this.#isRunning = true;
    for (const uplink of this.list) this.#discovery.start(uplink, now);
  }

  /** Gives all leases up. */
  stop(): void {
    this.#isRunning = false;
    for (const uplink of this.list) this.#discovery.stop(uplink);
  }

  /** Solicits all routers again at once: our own endpoint or network may have changed. */
  solicit(now: number): void {
    for (const uplink of this.list) {
      uplink.pace.restart();
      this.#discovery.doubt(uplink, now);
    }
  }

  /**
   * Sends something to those routers whose leases are not in doubt already, so that NATs have mappings again.
   *
   * @param mayAsk - whether to solicit them
   */
  silence(mayAsk: boolean, now: number): void {
    for (const uplink of this.list) {
      if (uplink.state !== 'leased') continue;
      if (mayAsk) this.#discovery.doubt(uplink, now);
      else this.#discovery.reopen(uplink, now);
    }
  }

  /**
   * Adds a router, or keeps one that is there temporarily, which then may do all that routers may;
   * solicits it when running.
   *
   * @throws InvalidArgumentError when it is there already, is not an endpoint, or there are 16
   */
  add(router: Endpoint | string, now: number): void {
    const known = this.find(router);
    if (known?.temporary) this.#keep(known, now);
    else this.#join(this.#newUplink(router), now);
  }

  /**
   * Has these routers and no others, in this order of preference. Those that were there already keep their
   * leases.
   *
   * @throws InvalidArgumentError as {@link add}, with nothing changed
   */
  set(routers: readonly (Endpoint | string)[], now: number): void {
    const wanted = this.#checkAll(routers);
    const place = (uplink: Uplink): number => {
      const at = wanted.indexOf(uplink);
      return at < 0 ? wanted.length : at;
    };
    for (const uplink of [...this.list]) {
      if (!uplink.temporary && place(uplink) === wanted.length) this.remove(uplink);
    }
    for (const uplink of wanted) {
      if (!this.list.includes(uplink)) this.#join(uplink, now);
      else if (uplink.temporary) this.#keep(uplink, now);
    }
    this.list.sort((one, other) => place(one) - place(other));
  }

  /** Gives a router's lease up and removes it. */
  remove(uplink: Uplink): void {
    this.#discovery.stop(uplink);
    this.list.splice(this.list.indexOf(uplink), 1);
    this.#policy = this.#choosePolicy();
  }

  /**
   * The uplink of a router as users name it, or null.
   *
   * @throws InvalidArgumentError when that is not an endpoint
   */
  find(router: Endpoint | string): Uplink | null {
    const { address, port } = parseRouter(router, this.profile.port);
    return this.at(new UdpEndpoint(parseIPv4(address, 'routers'), port));
  }

  /** As users see them. */
  snapshot(): UplinkSnapshot[] {
    return this.list.map((uplink) => uplink.snapshot());
  }

  // Input

  /** A valid Router Advertisement of `length` bytes came from the router of an uplink. */
  advertised(uplink: Uplink, message: RouterAdvertisement, length: number, now: number): DropCode {
    return this.#discovery.advertised(uplink, message, length, now);
  }

  /**
   * A packet to a remote that the local side sent to first was sent to the router of an uplink, by a way
   * that may take a second router (draft-04 §5, draft-03 §10.2).
   *
   * @param destination - offset of the packet's destination address
   */
  packetRelayed(uplink: Uplink, bytes: Uint8Array, destination: number, now: number): void {
    if (!this.watchesRelayed(uplink, bytes, destination)) return;
    const second = this.#second;
    if (!this.#trapezium.notice(second.addressBits, now)) return;
    this.#addTemporary(second, new SubnetPrefix(bytes.subarray(destination)), now);
  }

  /** Whether {@link packetRelayed} has an effect for this destination: it is a second router's. */
  watchesRelayed(uplink: Uplink, bytes: Uint8Array, destination: number): boolean {
    if (!this.#settings.avoidsTrapezium) return false;
    if (uplink.lease?.subnetPrefix.contains(bytes, destination)) return false;
    if (!is6bed4Prefixed(this.profile, bytes, destination)) return false;
    if (this.profile.layout.isOpaque(bytes, destination)) return false;
    const second = this.#second;
    second.address = readInt32(bytes, destination + ROUTER_IN_PREFIX);
    second.port = this.profile.port;
    return this.at(second) === null && this.accepts(second);
  }

  /**
   * A packet was sent to the router of an uplink, from which nothing came lately. For many packets. Where
   * there are other routers, it is expected to send something soon.
   */
  sentInSilence(uplink: Uplink, now: number): void {
    if (this.list.length > 1 && uplink.state === 'leased') this.#discovery.watch(uplink, now);
  }

  /** Does what is due. */
  handleTimeout(now: number): void {
    this.#dropTemporary(now);
    for (const uplink of this.list) this.#discovery.handleTimeout(uplink, now);
  }

  /** The earliest timer of all uplinks, in milliseconds; `Infinity` for none. */
  nextTimeout(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.list.length; index++) {
      earliest = Math.min(earliest, this.list[index]!.nextTimeout());
    }
    return earliest;
  }

  /** Whether a node can be at an endpoint, and we may talk to it. */
  accepts(endpoint: Readonly<UdpEndpoint>): boolean {
    return this.#policy.accepts(endpoint);
  }

  // Inside

  /**
   * Whether a new lease of a configured router shows that we are seen at another endpoint than before. As
   * long as one of them still sees us there, the others cannot make us give up our direct paths, whatever
   * they say in turn.
   */
  #isMoved(lease: Lease): boolean {
    const seenAt = this.#seenAt ?? lease;
    const leases = this.list.flatMap((one) => (one.temporary ? [] : (one.lease ?? [])));
    const isMoved = !leases.some((one) => one.isAtEndpointOf(seenAt));
    // Rather where another one sees us than where this one does, which may say something else again.
    this.#seenAt = isMoved ? (leases.find((one) => one !== lease) ?? lease) : seenAt;
    return isMoved;
  }

  /** The other configured routers with a lease; none in place of one that is there only for a while. */
  #alternativesTo(uplink: Uplink): Uplink[] {
    if (uplink.temporary) return [];
    return this.list.filter((one) => one !== uplink && !one.temporary && one.lease !== null);
  }

  #newUplink(router: Endpoint | string): Uplink {
    const uplink = this.#uplinkTo(parseRouter(router, this.profile.port));
    const text = formatEndpoint(uplink.router);
    if (this.at(uplink.endpoint) !== null) throw repeatedRouter(text);
    // Those that a remote brought about leave room for the user's.
    checkCount(this.#count(false) + 1);
    checkRouter(uplink.endpoint, text);
    return uplink;
  }

  /** The uplinks of routers, new ones where there are none. @throws InvalidArgumentError */
  #checkAll(routers: readonly (Endpoint | string)[]): Uplink[] {
    checkCount(routers.length);
    const texts = new Set<string>();
    return routers.map((router) => {
      const uplink = this.#uplinkTo(parseRouter(router, this.profile.port));
      const text = formatEndpoint(uplink.router);
      checkRouter(uplink.endpoint, text);
      if (texts.has(text)) throw repeatedRouter(text);
      texts.add(text);
      return this.at(uplink.endpoint) ?? uplink;
    });
  }

  #join(uplink: Uplink, now: number): void {
    this.list.push(uplink);
    this.#policy = this.#choosePolicy();
    if (this.#isRunning) this.#discovery.start(uplink, now);
  }

  /** Lets one that is there temporarily do all that routers may. */
  #keep(uplink: Uplink, now: number): void {
    uplink.wanted = null;
    this.#discovery.doubt(uplink, now);
  }

  #uplinkTo(router: Endpoint, wanted: SubnetPrefix | null = null): Uplink {
    const { keepalives } = this.#settings;
    // A temporary one goes instead of being solicited again.
    const steps = wanted === null ? keepalives : keepalives.slice(0, 1);
    return new Uplink(router, new KeepalivePace(steps), wanted);
  }

  /** Uplinks that are temporary, or the others. */
  #count(temporary: boolean): number {
    return this.list.filter((uplink) => uplink.temporary === temporary).length;
  }

  #choosePolicy(): EndpointPolicy {
    const { allowLoopback, allowPrivate } = this.#settings;
    return new EndpointPolicy({
      allowLoopback:
        allowLoopback ?? this.list.some((uplink) => isIPv4Loopback(uplink.endpoint.address)),
      allowPrivate,
    });
  }

  #addTemporary(router: Readonly<UdpEndpoint>, wanted: SubnetPrefix, now: number): void {
    if (this.#count(true) >= MAX_TEMPORARY_UPLINKS) return;
    const uplink = this.#uplinkTo(
      { address: formatIPv4(router.address), port: router.port },
      wanted,
    );
    uplink.usedAt = now;
    this.list.push(uplink);
    this.#discovery.start(uplink, now);
  }

  /** Gives up what was only to avoid the trapezium instead of soliciting it, where it does not help or is idle. */
  #dropTemporary(now: number): void {
    for (let index = this.list.length - 1; index >= 0; index--) {
      const uplink = this.list[index]!;
      const wouldSolicit = uplink.isDue('solicit', now) || uplink.isDue('refresh', now);
      if (!uplink.temporary || !wouldSolicit) continue;
      const isSilent = uplink.attempts >= TEMPORARY_ATTEMPTS;
      const isIdle = now - uplink.usedAt >= TEMPORARY_IDLE;
      if (!isSilent && !isIdle) continue;
      this.#trapezium.settle(uplink.endpoint.addressBits, !isSilent, now);
      this.list.splice(index, 1);
      this.#discovery.stop(uplink);
    }
  }
}

function checkCount(count: number): void {
  if (count <= MAX_UPLINKS) return;
  throw new InvalidArgumentError('routers', String(count), `${MAX_UPLINKS} at most`);
}

function repeatedRouter(text: string): InvalidArgumentError {
  return new InvalidArgumentError('routers', text, 'a router that is not there already');
}

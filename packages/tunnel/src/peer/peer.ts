import {
  CodecError,
  type Endpoint,
  formatEndpoint,
  formatIPv4,
  is6bed4Prefixed,
  isInvitationAt,
  isLoopback,
  isPrivate,
  type Profile,
  parseEndpoint,
  parseIPv4,
  reference2020,
  UdpEndpoint,
} from '@6bed4/codec';
import {
  buildNd,
  DESTINATION_OFFSET,
  isNd,
  type NeighborSolicitation,
  type ParseNdOptions,
  parseNd,
  type RouterAdvertisement,
  type RouterSolicitation,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { EndpointPolicy } from '../address/endpointPolicy.js';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { isLinkLocal, isRoutable } from '../address/scope.js';
import { readInt32, Segment } from '../address/subnetPrefix.js';
import { ALL_ROUTERS, UNSPECIFIED } from '../address/wellKnownAddresses.js';
import {
  ADVERTISEMENT_RATE,
  CORRECTION_RATE,
  KEEPALIVE,
  MAX_TEMPORARY_UPLINKS,
  MAX_UPLINKS,
  PEER_LIMITER_BUCKETS,
  REFRESH_INTERVAL,
  RESOLICITATION_RATE,
  TEMPORARY_ATTEMPTS,
  TEMPORARY_IDLE,
  UNREACHABLE_AFTER_ATTEMPTS,
} from '../defaults.js';
import { Advertiser } from '../discovery/advertiser.js';
import { type Discovery, discoveryOf } from '../discovery/discovery.js';
import { buildNeighborAnswer } from '../discovery/neighborAnswer.js';
import { offeredPrefix } from '../discovery/offeredPrefix.js';
import type { TunnelSink } from '../machine/machine.js';
import { MachineCore } from '../machine/machineCore.js';
import { flowKey, RateLimiter } from '../packet/rateLimiter.js';
import { buildStaticNack } from '../packet/rohc.js';
import { refuseTransit } from '../packet/transit.js';
import { nonceOf } from '../peering/nonce.js';
import { choosePeering } from '../peering/options.js';
import { PathFinder } from '../peering/pathFinder.js';
import { NextHop } from '../peering/peering.js';
import { Policy, type PolicyCode, type PolicyName } from '../peering/trafficClassPolicy.js';
import { Drop, type DropCode, type DropReason, dropReasons } from '../report/drop.js';
import type { RemoteSnapshot, TunnelEvent } from '../report/events.js';
import { INFINITE_LIFETIME, TUNNEL_MTU } from '../specification.js';
import { acceptAdvertisement } from './acceptance.js';
import { Detours } from './detours.js';
import { Lease, offeredRoutes } from './lease.js';
import {
  hasPublicAddress,
  identityFor,
  isOwnEndpoint,
  leaseOwning,
  leaseSpelling,
  uplinkAt,
  uplinkOwning,
} from './lookups.js';
import { checkKeepalive, checkLanip, type PeerOptions } from './peerOptions.js';
import { isInterpretable, refuseDirectSource, refuseRelayedSource } from './sourceFilter.js';
import { Uplink, type UplinkSnapshot } from './uplink.js';

const MILLISECONDS_PER_SECOND = 1000;
/** Where a 6bed4-prefixed address names its router (draft-03 §3). */
const ROUTER_IN_PREFIX = 4;
const NOTHING = new Uint8Array(0);

/**
 * The 6bed4 peer (draft-03 §10.2, draft-04 §4): gets an address from each of its routers, keeps the
 * way there open, and carries IPv6 packets between the local side and the tunnel.
 *
 * @example
 * ```ts
 * const peer = new Peer({ routers: ['192.0.2.1'], random: Math.random }, sink);
 * peer.start(now);
 * ```
 */
export class Peer extends MachineCore {
  readonly #profile: Profile;
  readonly #discovery: Discovery;
  readonly #keepalive: { readonly interval: number; readonly ttl: number };
  readonly #lanip: number;
  readonly #answers: RateLimiter;
  readonly #resolicitations: RateLimiter;
  readonly #corrections: RateLimiter;
  readonly #peeringName: string;
  readonly #paths: PathFinder;
  readonly #searchesLan: boolean;
  readonly #reading: ParseNdOptions;
  readonly #avoidsTrapezium: boolean;
  readonly #detours = new Detours();
  readonly #allowPrivate: boolean;
  readonly #allowLoopback: boolean | undefined;
  readonly #uplinks: Uplink[] = [];
  readonly #solicitation: Uint8Array;
  /** Where the packet at hand would go directly; written over for each. */
  readonly #to = new UdpEndpoint();
  #policy: EndpointPolicy;
  #running = false;
  /** Whether the packet at hand is one to play with, and what came of it. */
  #playing = false;
  #play = 0;
  /** What the sender of the packet at hand wants, if it said so beside the packet. */
  #asked: PolicyCode | null = null;

  /** @throws CodecError naming the option that cannot be used */
  constructor(options: PeerOptions, sink: TunnelSink) {
    super(sink, options.random, PEER_LIMITER_BUCKETS);
    const limiter = (rate: { readonly perSecond: number; readonly burst: number }): RateLimiter =>
      new RateLimiter(rate, options.random, PEER_LIMITER_BUCKETS);
    this.#profile = options.profile ?? reference2020;
    this.#discovery = discoveryOf(this.#profile.dialect);
    this.#keepalive = checkKeepalive(options.keepalive ?? KEEPALIVE);
    this.#lanip = checkLanip(options.lanip ?? 1, this.#profile.layout.maxLanip);
    this.#answers = limiter(ADVERTISEMENT_RATE);
    this.#resolicitations = limiter(RESOLICITATION_RATE);
    this.#corrections = limiter(CORRECTION_RATE);
    const peering = choosePeering(this.#profile, options.peering ?? {});
    this.#peeringName = peering.name;
    this.#searchesLan = peering.lanTtl > 0;
    this.#avoidsTrapezium =
      (options.peering?.avoidTrapezium ?? true) && this.#profile.layout.name === 'draft03';
    this.#reading = { lenientRedirect: this.#profile.dialect === 'draft01' };
    this.#paths = new PathFinder(peering, {
      layout: this.#profile.layout,
      random: options.random,
      send: (to, bytes, length, ttl) => this.send(to, bytes, 0, length, ttl),
      accepts: (endpoint) => this.#policy.accepts(endpoint),
      sharesPublicAddress: (addressBits) => hasPublicAddress(this.#uplinks, addressBits),
      isInterpretable: (bytes, at) => isInterpretable(this.#profile, this.#uplinks, bytes, at),
      silence: (now) => this.#silent(now),
      isOwn: (address) => leaseSpelling(this.#uplinks, address, 0) !== null,
      isInvitation: (bytes, at) =>
        this.#profile.layout.name === 'draft03' && isInvitationAt(this.#profile, bytes, at),
      ownAddressFor: (remote) => identityFor(this.#uplinks, remote),
      pathChanged: (change) => this.event({ type: 'path-changed', ...change }),
    });
    this.#allowPrivate = options.allowPrivate ?? true;
    this.#allowLoopback = options.allowLoopback;
    // Without options: any but the source link-layer one makes deployed routers silent, and that one
    // is forbidden from `::` (RFC 4861 §4.1).
    this.#solicitation = buildNd({
      type: 'router-solicitation',
      source: UNSPECIFIED,
      destination: ALL_ROUTERS,
      options: [],
    });
    for (const router of options.routers) this.#uplinks.push(this.#newUplink(router));
    this.#policy = this.#choosePolicy();
  }

  /** The constants in use. */
  get profile(): Profile {
    return this.#profile;
  }

  /** The name of the peering strategy in use. */
  get peering(): string {
    return this.#peeringName;
  }

  /**
   * Whether remotes behind our own NAT are searched on the local network. The driver then should also
   * hand over what is sent to 224.0.0.1 at the profile's port.
   */
  get searchesLan(): boolean {
    return this.#searchesLan;
  }

  /** The routers of this peer and what they gave. */
  get uplinks(): readonly UplinkSnapshot[] {
    return this.#uplinks.map((uplink) => uplink.snapshot());
  }

  /** The remotes with which packets were exchanged lately, and their paths; the latest first. */
  remotes(now: number): RemoteSnapshot[] {
    return this.#paths.snapshot(now);
  }

  /**
   * The remote with an IPv6 address of 16 bytes and its path, or null when no packets were exchanged
   * with it lately or none but the router's path can lead there.
   */
  remote(address: Uint8Array, now: number): RemoteSnapshot | null {
    return this.#paths.snapshotOf(address, 0, now);
  }

  /** Begins to ask all routers for addresses; `now` in milliseconds. */
  start(now: number): void {
    this.command(() => {
      this.#running = true;
      for (const uplink of this.#uplinks) this.#startUplink(uplink, now);
    });
  }

  /** Gives all addresses up and falls silent; {@link start} begins anew. */
  stop(_now: number): void {
    this.command(() => {
      this.#running = false;
      for (const uplink of this.#uplinks) this.#stopUplink(uplink);
      this.#paths.clear();
    });
  }

  /**
   * Asks all routers again at once: after the driver moved to another UDP port, or the computer to
   * another network. Addresses are kept until another is offered.
   */
  solicit(now: number): void {
    this.command(() => {
      for (const uplink of this.#uplinks) this.#doubt(uplink, now);
      this.#paths.addressesChanged(true, now);
    });
  }

  /**
   * Adds a router and, when the peer runs, asks it for an address.
   *
   * @throws CodecError when it is there already, is not an endpoint, or there are 16
   */
  addRouter(router: Endpoint | string, now: number): void {
    this.command(() => {
      const known = uplinkAt(this.#uplinks, this.#newEndpoint(router));
      if (known?.temporary) {
        known.temporary = false;
        return;
      }
      const uplink = this.#newUplink(router);
      this.#uplinks.push(uplink);
      this.#policy = this.#choosePolicy();
      if (this.#running) this.#startUplink(uplink, now);
    });
  }

  /** Gives the router's address up and forgets the router; false when it was not there. */
  removeRouter(router: Endpoint | string): boolean {
    const text = formatEndpoint(this.#toEndpoint(router));
    const index = this.#uplinks.findIndex((uplink) => formatEndpoint(uplink.router) === text);
    if (index < 0) return false;
    this.command(() => {
      this.#stopUplink(this.#uplinks[index]!);
      this.#uplinks.splice(index, 1);
      this.#policy = this.#choosePolicy();
    });
    return true;
  }

  /**
   * As {@link handlePacket}, for a program that says for each packet which path it wants, and wants to
   * know at once when a packet goes nowhere. With `probe-and-seen`, the policy is written into the
   * traffic class; elsewhere the traffic class stays as it is.
   *
   * @returns null when the packet was sent, or why it was not
   */
  handlePacketBy(
    policy: PolicyName,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropReason | null {
    this.#asked = Policy[policy];
    try {
      const drop = this.takePacket(bytes, offset, length, now);
      return drop === Drop.none ? null : (dropReasons[drop] as DropReason);
    } finally {
      this.#asked = null;
    }
  }

  /**
   * Takes a packet of the local side that its sender will send again if no answer comes, such as a SIP
   * request over UDP. It goes straight to the remote, even where that path is not proved yet; the
   * retransmission is then given to {@link handlePacket} and takes the usual way (draft-03 §8.7). With
   * `probe-and-seen`, choose the presumptuous policy in the packet's traffic class instead.
   *
   * @returns a number for {@link reportAnswer}, or 0 when the packet went its usual way
   */
  handlePlayfulPacket(bytes: Uint8Array, offset: number, length: number, now: number): number {
    this.#playing = true;
    this.#play = 0;
    try {
      this.handlePacket(bytes, offset, length, now);
    } finally {
      this.#playing = false;
    }
    return this.#play;
  }

  /**
   * The answer to what {@link handlePlayfulPacket} sent has come, before it was sent again. If something
   * came straight from the remote since, that proves the path.
   *
   * @returns whether it did
   */
  reportAnswer(play: number, now: number): boolean {
    let proved = false;
    this.command(() => {
      proved = this.#paths.replyReported(play, now);
    });
    return proved;
  }

  /** Sends what is due: solicitations, keepalives. */
  override handleTimeout(now: number): void {
    this.command(() => {
      for (const uplink of this.#uplinks) this.#uplinkTimeout(uplink, now);
      this.#dropTemporary(now);
      this.#paths.handleTimeout(now);
    });
  }

  /** When something is due, in milliseconds; `Infinity` for never. */
  override nextTimeout(): number {
    let earliest = this.#paths.nextTimeout();
    for (let index = 0; index < this.#uplinks.length; index++) {
      earliest = Math.min(earliest, this.#uplinks[index]!.nextTimeout());
    }
    return earliest;
  }

  // From the tunnel

  /** @internal */
  protected override emptyDatagram(now: number): void {
    if (this.#running && uplinkAt(this.#uplinks, this.from) === null)
      this.#paths.probed(this.from, now);
  }

  /** @internal Who compresses headers for us is told that we cannot read that (draft-03 §10.2). */
  protected override compressedFrame(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const { from } = this;
    if (!this.#running || uplinkAt(this.#uplinks, from) !== null || !this.#policy.accepts(from))
      return;
    if (isOwnEndpoint(this.#uplinks, from)) return;
    const answer = buildStaticNack(bytes, offset, length);
    if (answer === null || answer.length > length) return;
    if (this.#corrections.allows(from.addressBits, now)) this.send(from, answer, 0, answer.length);
    else this.counters.answerWithheld();
  }

  /** @internal */
  protected override fromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    if (!this.#running) return Drop.stopped;
    const uplink = uplinkAt(this.#uplinks, this.from);
    if (isNd(bytes, offset, length)) {
      return this.#neighborDiscovery(bytes, offset, length, uplink, now);
    }
    const source = offset + SOURCE_OFFSET;
    const remote = this.#paths.find(bytes, source);
    let refused: DropCode = Drop.none;
    if (uplink === null) refused = this.#refuseDirectSource(remote, bytes, source);
    else if (remote < 0) refused = refuseRelayedSource(this.#uplinks, bytes, source);
    if (refused !== Drop.none) {
      if (refused === Drop.sourceMismatch) this.#correct(bytes, source, length, now);
      return refused;
    }
    if (!this.#isOurs(bytes, offset, uplink, now)) {
      return isRoutable(bytes, offset + DESTINATION_OFFSET)
        ? Drop.destinationNotOurs
        : Drop.destinationNotAllowed;
    }
    if (length > TUNNEL_MTU) return Drop.tooBig;
    this.#paths.packetArrived(remote, uplink === null, bytes, offset, length, now);
    this.deliver(bytes, offset, length);
    return Drop.none;
  }

  /** Whether a packet is for us: for an address of ours, or the one under which its sender sees us. */
  #isOurs(bytes: Uint8Array, offset: number, uplink: Uplink | null, now: number): boolean {
    const destination = offset + DESTINATION_OFFSET;
    const owner = uplinkOwning(this.#uplinks, bytes, destination);
    if (owner !== null) {
      if (owner.temporary) owner.usedAt = now;
      return true;
    }
    return (
      uplink === null && this.#paths.isBoundAddress(bytes, destination, offset + SOURCE_OFFSET)
    );
  }

  /** A remote on our own network sends from its private endpoint, once it has asked from there. */
  #refuseDirectSource(remote: number, bytes: Uint8Array, source: number): DropCode {
    const { from } = this;
    if (remote >= 0 && this.#paths.isSpelledBy(remote, from)) return Drop.none;
    const refused = refuseDirectSource(
      this.#profile,
      this.#policy,
      this.#uplinks,
      bytes,
      source,
      from,
    );
    if (refused !== Drop.sourceMismatch) return refused;
    return this.#paths.isLanEndpointOf(bytes, source, from) ? Drop.none : refused;
  }

  #neighborDiscovery(
    bytes: Uint8Array,
    offset: number,
    length: number,
    uplink: Uplink | null,
    now: number,
  ): DropCode {
    const parsed = parseNd(bytes, offset, length, this.#reading);
    if (!parsed.ok) return Drop.ndInvalid;
    const message = parsed.value;
    switch (message.type) {
      case 'router-advertisement':
        return uplink === null
          ? this.#prefixOffered(message, now)
          : this.#advertisementArrived(uplink, message, now);
      case 'router-solicitation':
        return uplink === null ? this.#answerRouterSolicitation(message, now) : Drop.ndUnexpected;
      case 'neighbor-solicitation':
        return this.#answerNeighborSolicitation(message, uplink, now);
      case 'neighbor-advertisement':
        if (uplink !== null || !this.#policy.accepts(this.from)) return Drop.ndUnexpected;
        return this.#paths.advertised(message, this.from, now);
      case 'redirect':
        if (uplink !== null || !this.#policy.accepts(this.from)) return Drop.ndUnexpected;
        return this.#paths.redirected(message, length, this.from, now);
      default:
        return Drop.ndUnexpected;
    }
  }

  /**
   * An advertisement that answers us is adopted. One that comes unasked can be forged by anyone who
   * can forge an IPv4 source address; it only makes us ask again, which a real router answers with the
   * same words.
   */
  #advertisementArrived(uplink: Uplink, message: RouterAdvertisement, now: number): DropCode {
    const offer = acceptAdvertisement(this.#discovery, message);
    if (offer === null) return Drop.advertisementRefused;
    const routes = offeredRoutes(message);
    const isAsking = uplink.state === 'soliciting' || uplink.state === 'refreshing';
    if (!isAsking) {
      if (uplink.lease?.agreesWith(offer, routes)) return Drop.none;
      if (!this.#resolicitations.allows(uplink.endpoint.addressBits, now)) return Drop.rateLimited;
      this.#doubt(uplink, now);
      return Drop.none;
    }
    this.#answered(uplink, now);
    if (!this.#profile.layout.acceptsPort(offer.endpoint.port)) {
      this.event({
        type: 'port-refused',
        router: uplink.router,
        publicEndpoint: new Lease(this.#profile.layout, offer, uplink.router, this.#lanip, [])
          .description.publicEndpoint,
      });
      return Drop.none;
    }
    uplink.transition('advertisement');
    this.#adopt(uplink, message, offer, routes, now);
    return Drop.none;
  }

  /** A remote, no router of ours, says how it sees us (draft-04 §7.7). */
  #prefixOffered(message: RouterAdvertisement, now: number): DropCode {
    if (!this.#policy.accepts(this.from)) return Drop.sourceEndpointRefused;
    const offer = acceptAdvertisement(this.#discovery, message);
    if (offer === null) return Drop.advertisementRefused;
    return this.#paths.prefixOffered(offer, nonceOf(message), this.from, now);
  }

  /** Tells a remote how we see it (draft-03 §10.2, draft-04 §7.7). */
  #answerRouterSolicitation(message: RouterSolicitation, now: number): DropCode {
    const lease = this.#uplinks.find((uplink) => uplink.lease !== null)?.lease ?? null;
    if (!this.#discovery.retracts || lease === null) return Drop.ndUnexpected;
    if (!this.#policy.accepts(this.from)) return Drop.sourceEndpointRefused;
    if (!this.#corrections.allows(this.from.addressBits, now)) return Drop.rateLimited;
    const answer = this.#advertiserFor(lease.segment).answer(message, this.from);
    this.send(this.from, answer, 0, answer.length);
    return Drop.none;
  }

  /**
   * Tells who sent a frame under a false address what the right one is (draft-03 §6), unless the answer
   * would be longer than the frame: then anyone could have us send more than they spent.
   */
  #correct(bytes: Uint8Array, source: number, length: number, now: number): void {
    if (!this.#discovery.retracts || this.#profile.layout.isOpaque(bytes, source)) return;
    const segment = new Segment(bytes.subarray(source, source + 16));
    const answer = this.#advertiserFor(segment).correct(bytes, source, this.from);
    if (answer.length > length || !this.#corrections.allows(this.from.addressBits, now)) {
      this.counters.answerWithheld();
      return;
    }
    this.send(this.from, answer, 0, answer.length);
  }

  #advertiserFor(segment: Segment): Advertiser {
    const { layout } = this.#profile;
    return new Advertiser({ discovery: this.#discovery, layout, segment, routes: [] });
  }

  #answered(uplink: Uplink, now: number): void {
    uplink.attempts = 0;
    uplink.lastAdvertisementAt = now;
    if (uplink.reportedUnreachable) {
      uplink.reportedUnreachable = false;
      this.event({ type: 'router-reachable', router: uplink.router });
    }
  }

  #adopt(
    uplink: Uplink,
    message: RouterAdvertisement,
    offer: NonNullable<ReturnType<Discovery['readOffer']>>,
    routes: readonly string[],
    now: number,
  ): void {
    const lifetime =
      offeredPrefix(message, this.#discovery.prefixLength)?.validLifetime ?? INFINITE_LIFETIME;
    uplink.setTimer('solicit', Number.POSITIVE_INFINITY);
    uplink.setTimer('refresh', now + REFRESH_INTERVAL);
    uplink.setTimer(
      'expiry',
      lifetime === INFINITE_LIFETIME
        ? Number.POSITIVE_INFINITY
        : now + lifetime * MILLISECONDS_PER_SECOND,
    );
    this.#setKeepalive(uplink, now);
    const previous = uplink.lease;
    if (previous?.agreesWith(offer, routes)) return;
    uplink.lease = new Lease(this.#profile.layout, offer, uplink.router, this.#lanip, routes);
    const { description } = uplink.lease;
    const event: TunnelEvent =
      previous === null
        ? { type: 'address-acquired', ...description }
        : { type: 'address-changed', ...description, previous: previous.description };
    this.event(event);
    if (uplink.temporary) this.#detours.settle(uplink.endpoint.addressBits, true, now);
    this.#paths.addressesChanged(previous !== null && !isSamePlace(previous, uplink.lease), now);
  }

  #answerNeighborSolicitation(
    solicitation: NeighborSolicitation,
    uplink: Uplink | null,
    now: number,
  ): DropCode {
    const { layout } = this.#profile;
    const { source, target } = solicitation;
    const lease = leaseSpelling(this.#uplinks, target, 0);
    if (lease === null) return Drop.ndUnexpected;
    let isRemote = false;
    let isOnLan = false;
    if (uplink === null && !isLinkLocalOf(layout, source, 0, this.from)) {
      isOnLan = this.#isOnLan(source);
      const refused = isOnLan
        ? Drop.none
        : this.#refuseDirectSource(this.#paths.find(source, 0), source, 0);
      if (refused !== Drop.none) return refused;
      isRemote = true;
    } else if (!isRoutable(source, 0) && !isLinkLocal(source, 0)) {
      return Drop.sourceNotAllowed;
    }
    if (!this.#answers.allows(this.from.addressBits, now)) return Drop.rateLimited;
    const answer = buildNeighborAnswer(solicitation, target, {
      layout,
      endpoint: lease.publicEndpoint,
      router: false,
      override: true,
      brief: true,
    });
    this.send(this.from, answer, 0, answer.length);
    if (isRemote) this.#paths.solicited(source, isOnLan, this.from, now);
    return Drop.none;
  }

  /** Whether a frame comes from our local network, from a node behind the same NAT (draft-01 §6.1). */
  #isOnLan(source: Uint8Array): boolean {
    const { layout } = this.#profile;
    return (
      this.#searchesLan &&
      isPrivate(this.from.address) &&
      this.#policy.accepts(this.from) &&
      isInterpretable(this.#profile, this.#uplinks, source, 0) &&
      !layout.isOpaque(source, 0) &&
      !layout.matchesEndpoint(source, 0, this.from) &&
      leaseSpelling(this.#uplinks, source, 0) === null &&
      hasPublicAddress(this.#uplinks, layout.readAddress(source, 0) | 0)
    );
  }

  // From the local side

  /** @internal */
  protected override fromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    if (!this.#running) return Drop.stopped;
    if (isNd(bytes, offset, length)) return Drop.ndUnexpected;
    const source = offset + SOURCE_OFFSET;
    const destination = offset + DESTINATION_OFFSET;
    const remote = this.#paths.find(bytes, destination);
    if (remote < 0 && !isRoutable(bytes, destination)) return Drop.destinationNotAllowed;
    const uplink = uplinkOwning(this.#uplinks, bytes, source);
    if (uplink === null && !this.#paths.isBoundAddress(bytes, source, destination)) {
      return Drop.sourceNotAllowed;
    }
    if (remote < 0 && leaseOwning(this.#uplinks, bytes, destination) !== null) return Drop.loop;
    let refused = refuseTransit(bytes, offset, length);
    if (refused === Drop.none) {
      refused = this.#forward(uplink, remote, bytes, offset, length, now);
    }
    if (refused !== Drop.none) this.#refuseLocally(refused, uplink, bytes, offset, length, now);
    return refused;
  }

  /** The one place that decides whether a packet goes direct or through the router (draft-04 §4.1). */
  #forward(
    uplink: Uplink | null,
    remote: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    const to = this.#to;
    if (this.#playing) {
      this.#play = this.#paths.sendOpportunistic(remote, bytes, offset, to, now);
      if (this.#play !== 0) {
        this.send(to, bytes, offset, length);
        return Drop.none;
      }
    }
    const nextHop = this.#paths.route(remote, bytes, offset, length, to, this.#asked, now);
    if (nextHop === NextHop.direct) {
      this.send(to, bytes, offset, length);
      return Drop.none;
    }
    if (nextHop === NextHop.unreachable) return Drop.noDirectPath;
    // An address under which one remote sees us means nothing to a router.
    if (uplink === null) return Drop.noDirectPath;
    uplink.lastSentAt = now;
    uplink.usedAt = now;
    this.#sendToRouter(uplink, bytes, offset, length, 0);
    if (this.#avoidsTrapezium) this.#noticeDetour(uplink, bytes, offset + DESTINATION_OFFSET, now);
    return Drop.none;
  }

  /** A packet to another 6bed4 network goes through two routers (draft-04 §5, draft-03 §10.2). */
  #noticeDetour(uplink: Uplink, bytes: Uint8Array, destination: number, now: number): void {
    if (uplink.lease?.segment.contains(bytes, destination)) return;
    if (!is6bed4Prefixed(this.#profile, bytes, destination)) return;
    if (this.#profile.layout.isOpaque(bytes, destination)) return;
    const router = this.#to;
    router.address = readInt32(bytes, destination + ROUTER_IN_PREFIX);
    router.port = this.#profile.port;
    if (uplinkAt(this.#uplinks, router) !== null || !this.#policy.accepts(router)) return;
    if (!this.#detours.notice(router.addressBits, now)) return;
    const temporary = this.#uplinks.filter((one) => one.temporary).length;
    if (temporary >= MAX_TEMPORARY_UPLINKS || this.#uplinks.length >= MAX_UPLINKS) return;
    const second = new Uplink({ address: formatIPv4(router.address), port: router.port }, true);
    second.usedAt = now;
    this.#uplinks.push(second);
    this.#startUplink(second, now);
  }

  #refuseLocally(
    drop: DropCode,
    uplink: Uplink | null,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const lease = (uplink ?? this.#uplinks.find((one) => one.lease !== null))?.lease;
    if (lease === undefined || lease === null) return;
    const key = flowKey(bytes, offset);
    const error = this.errorAbout(drop, lease.errorSource, bytes, offset, length, key, now);
    if (error !== null) this.deliver(error, 0, error.length);
  }

  // Uplinks and their timers

  #newUplink(router: Endpoint | string): Uplink {
    const endpoint = this.#toEndpoint(router);
    const text = formatEndpoint(endpoint);
    if (this.#uplinks.some((uplink) => formatEndpoint(uplink.router) === text)) {
      throw new CodecError('routers', text, 'a router that is not there already');
    }
    if (this.#uplinks.length >= MAX_UPLINKS) {
      throw new CodecError('routers', String(MAX_UPLINKS + 1), `${MAX_UPLINKS} at most`);
    }
    const uplink = new Uplink(endpoint);
    const everywhere = new EndpointPolicy({ allowLoopback: true, allowPrivate: true });
    if (!everywhere.accepts(uplink.endpoint)) {
      throw new CodecError('routers', text, 'an endpoint that a router can be at');
    }
    return uplink;
  }

  #newEndpoint(router: Endpoint | string): UdpEndpoint {
    const { address, port } = this.#toEndpoint(router);
    return new UdpEndpoint(parseIPv4(address, 'routers'), port);
  }

  #toEndpoint(router: Endpoint | string): Endpoint {
    if (typeof router === 'string') return parseEndpoint(router, this.#profile.port, 'routers');
    return parseEndpoint(formatEndpoint(router), undefined, 'routers');
  }

  #choosePolicy(): EndpointPolicy {
    return new EndpointPolicy({
      allowLoopback:
        this.#allowLoopback ?? this.#uplinks.some((uplink) => isLoopback(uplink.endpoint.address)),
      allowPrivate: this.#allowPrivate,
    });
  }

  #startUplink(uplink: Uplink, now: number): void {
    if (uplink.transition('start')) this.#solicit(uplink, now);
  }

  #stopUplink(uplink: Uplink): void {
    uplink.transition('stop');
    uplink.clearTimers();
    uplink.attempts = 0;
    uplink.reportedUnreachable = false;
    this.#loseLease(uplink);
  }

  #doubt(uplink: Uplink, now: number): void {
    if (!uplink.transition('doubt')) return;
    uplink.attempts = 0;
    uplink.setTimer('refresh', Number.POSITIVE_INFINITY);
    this.#solicit(uplink, now);
  }

  #solicit(uplink: Uplink, now: number): void {
    uplink.attempts++;
    uplink.setTimer('solicit', now + uplink.solicitationWait());
    uplink.lastSentAt = now;
    this.#sendToRouter(uplink, this.#solicitation, 0, this.#solicitation.length, 0);
  }

  #setKeepalive(uplink: Uplink, from: number): void {
    const { interval } = this.#keepalive;
    uplink.setTimer(
      'keepalive',
      interval === 0 ? Number.POSITIVE_INFINITY : from + interval * MILLISECONDS_PER_SECOND,
    );
  }

  #uplinkTimeout(uplink: Uplink, now: number): void {
    if (uplink.isDue('expiry', now)) this.#expire(uplink, now);
    if (uplink.isDue('refresh', now)) this.#doubt(uplink, now);
    if (uplink.isDue('solicit', now)) this.#silence(uplink, now);
    if (uplink.isDue('keepalive', now)) this.#keepAlive(uplink, now);
  }

  /** Gives up what was only to avoid a detour, once it does not help or is not used. */
  #dropTemporary(now: number): void {
    for (let index = this.#uplinks.length - 1; index >= 0; index--) {
      const uplink = this.#uplinks[index]!;
      if (!uplink.temporary) continue;
      const isSilent = uplink.attempts > TEMPORARY_ATTEMPTS;
      const isIdle = uplink.attempts > 0 && now - uplink.usedAt >= TEMPORARY_IDLE;
      if (!isSilent && !isIdle) continue;
      this.#detours.settle(uplink.endpoint.addressBits, !isSilent, now);
      this.#uplinks.splice(index, 1);
      this.#stopUplink(uplink);
    }
  }

  #expire(uplink: Uplink, now: number): void {
    uplink.transition('expiry');
    uplink.clearTimers();
    this.#loseLease(uplink);
    uplink.attempts = 0;
    this.#solicit(uplink, now);
  }

  #silence(uplink: Uplink, now: number): void {
    uplink.transition('silence');
    const isReported = uplink.reportedUnreachable || uplink.temporary;
    if (uplink.attempts >= UNREACHABLE_AFTER_ATTEMPTS && !isReported) {
      uplink.reportedUnreachable = true;
      this.event({
        type: 'router-unreachable',
        router: uplink.router,
        attempts: uplink.attempts,
      });
    }
    this.#solicit(uplink, now);
  }

  /**
   * A remote that spoke to us does so no more. If a NAT of ours forgot us, nothing reaches us until we
   * send; if it gave us another endpoint, nothing reaches our address. Asking settles both.
   */
  #silent(now: number): void {
    for (const uplink of this.#uplinks) {
      if (uplink.state === 'leased') this.#doubt(uplink, now);
    }
  }

  /** Whatever went to the router meanwhile kept the way open as well (draft-04 §7.1). */
  #keepAlive(uplink: Uplink, now: number): void {
    const quietUntil = uplink.lastSentAt + this.#keepalive.interval * MILLISECONDS_PER_SECOND;
    if (quietUntil > now) {
      uplink.setTimer('keepalive', quietUntil);
      return;
    }
    uplink.lastSentAt = now;
    this.#setKeepalive(uplink, now);
    this.#sendToRouter(uplink, NOTHING, 0, 0, this.#keepalive.ttl);
  }

  #loseLease(uplink: Uplink): void {
    const { lease } = uplink;
    if (lease === null) return;
    uplink.lease = null;
    this.event({ type: 'address-lost', ...lease.description });
    this.#paths.addressesChanged(false, 0);
  }

  // Out

  #sendToRouter(
    uplink: Uplink,
    bytes: Uint8Array,
    offset: number,
    length: number,
    ttl: number,
  ): void {
    this.send(uplink.endpoint, bytes, offset, length, ttl);
  }
}

function isSamePlace(left: Lease, right: Lease): boolean {
  const [one, other] = [left.publicEndpoint, right.publicEndpoint];
  return one.addressBits === other.addressBits && one.port === other.port;
}

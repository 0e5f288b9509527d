import { type Endpoint, formatPrefix, type Profile, UdpEndpoint } from '@6bed4/codec';
import {
  buildEcho,
  DESTINATION_OFFSET,
  HOP_LIMIT_OFFSET,
  isNd,
  type NeighborSolicitation,
  parseEcho,
  parseNd,
  type RouterSolicitation,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { Counters } from '../counters.js';
import { ADVERTISEMENT_RATE, CORRECTION_RATE } from '../defaults.js';
import { Drop, type DropCode } from '../drop.js';
import { refuseFrame } from '../frameFilter.js';
import { type IcmpCause, IcmpErrors } from '../icmpErrors.js';
import { isLinkLocalOf } from '../linkLocal.js';
import { type Machine, ReentrancyGuard, type TunnelSink } from '../machine.js';
import { buildNeighborAnswer } from '../neighborAnswer.js';
import { flowKey, RateLimiter } from '../rateLimiter.js';
import { isLinkLocal, isLinkLocalMulticast } from '../scope.js';
import { LEAST_FORWARDED_HOP_LIMIT, TUNNEL_MTU } from '../specification.js';
import { tosOf } from '../trafficClass.js';
import { ROUTER_LINK_LOCAL } from '../wellKnownAddresses.js';
import { Advertiser } from './advertiser.js';
import { identify, isOwnAddress, ownAddressText, type RouterIdentity } from './identity.js';
import { Route, RouteTarget, routeFromIPv6Side, routeFromTunnel } from './route.js';
import { refuseNativeSource, refuseTunnelSource } from './sourceFilter.js';

/** What a {@link Router} is told about itself. */
export interface RouterOptions {
  /** Own public IPv4 address; part of every address that is handed out. */
  readonly address: string;
  /** Own UDP port; default: the profile's well-known port, which other routers rely on. */
  readonly port?: number;
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile;
  /** Prefix to serve, completed to /64 (draft-04 §3.3); default: the profile's. */
  readonly prefix?: string;
  /** Network identifier for prefixes with room for it, 0..65535; default: the profile's. */
  readonly netid?: number;
  /** Prefixes that are offered to peers as routes, at most 32. */
  readonly routes?: readonly string[];
  /** Whether there is something behind this router that takes IPv6 packets; default true. */
  readonly ipv6Side?: boolean;
  /** Relay to and from private IPv4 space; default: only when `address` itself is private. */
  readonly allowPrivate?: boolean;
  /** Relay to and from 127.0.0.0/8; default: only when `address` itself is loopback. */
  readonly allowLoopback?: boolean;
  /** Random numbers in [0, 1), for seeds of hash tables. */
  readonly random: () => number;
}

/**
 * The 6bed4 router (draft-03 §10.1, draft-04 §5): hands out prefixes, relays between peers, to other
 * routers and to its IPv6 side. It keeps no state per peer: memory does not grow with the number of
 * remotes, and a restart goes unnoticed.
 *
 * @example
 * ```ts
 * const router = new Router({ address: '192.0.2.1', random: Math.random }, sink);
 * router.handleDatagram(bytes, 0, bytes.length, address, port, now);
 * ```
 */
export class Router implements Machine {
  readonly counters: Counters = new Counters();

  readonly #identity: RouterIdentity;
  readonly #sink: TunnelSink;
  readonly #guard = new ReentrancyGuard();
  readonly #advertiser: Advertiser;
  readonly #errors: IcmpErrors;
  readonly #advertisements: RateLimiter;
  readonly #corrections: RateLimiter;
  /** Where the datagram at hand came from and where it goes; written over for each. */
  readonly #from = new UdpEndpoint();
  readonly #target = new RouteTarget();

  /** @throws CodecError naming the option that cannot be used */
  constructor(options: RouterOptions, sink: TunnelSink) {
    this.#identity = identify(options);
    this.#sink = sink;
    this.#advertiser = new Advertiser(this.#identity);
    this.#errors = new IcmpErrors(options.random);
    this.#advertisements = new RateLimiter(ADVERTISEMENT_RATE, options.random);
    this.#corrections = new RateLimiter(CORRECTION_RATE, options.random);
  }

  /** The router's own IPv6 address, RFC 5952. */
  get address(): string {
    return ownAddressText(this.#identity);
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return formatPrefix({ bytes: this.#identity.segment.toBytes(), length: 64 });
  }

  /** Its own endpoint. */
  get endpoint(): Endpoint {
    return this.#identity.endpoint;
  }

  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void {
    this.#guard.enter();
    try {
      this.counters.datagramReceived(length);
      if (length === 0) {
        this.counters.keepaliveReceived();
        return;
      }
      this.#from.address = address;
      this.#from.port = port;
      const drop = this.#fromTunnel(bytes, offset, length, now);
      if (drop !== Drop.none) this.counters.dropped(drop);
    } finally {
      this.#guard.leave();
    }
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.#guard.enter();
    try {
      this.counters.packetTaken(length);
      const drop = this.#fromIPv6Side(bytes, offset, length, now);
      if (drop !== Drop.none) this.counters.dropped(drop);
    } finally {
      this.#guard.leave();
    }
  }

  /** A router has no timers: it never asks for this. */
  handleTimeout(_now: number): void {}

  /** A router has no timers: always `Infinity`. */
  nextTimeout(): number {
    return Number.POSITIVE_INFINITY;
  }

  #fromTunnel(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    const identity = this.#identity;
    const from = this.#from;
    const malformed = refuseFrame(bytes, offset, length);
    if (malformed !== Drop.none) return malformed;
    if (!identity.policy.accepts(from)) return Drop.sourceEndpointRefused;
    if (from.addressBits === identity.self.addressBits && from.port === identity.self.port)
      return Drop.loop;
    if (isNd(bytes, offset, length)) {
      return this.#neighborDiscovery(bytes, offset, length, now);
    }
    const refused = refuseTunnelSource(identity, bytes, offset, from);
    if (refused !== Drop.none) {
      if (refused === Drop.sourceMismatch) this.#correct(bytes, offset, now);
      return refused;
    }
    const target = this.#target;
    switch (routeFromTunnel(identity, bytes, offset, from, target)) {
      case Route.tunnel:
        return this.#forward(bytes, offset, length, now);
      case Route.ipv6Side:
        if (length > TUNNEL_MTU) {
          this.#refuseToPeer('packet-too-big', bytes, offset, length, now);
          return Drop.tooBig;
        }
        this.#deliver(bytes, offset, length);
        return Drop.none;
      case Route.self:
        return this.#toSelf(bytes, offset, length, now);
      default:
        if (target.drop === Drop.noRoute) {
          this.#refuseToPeer('no-route', bytes, offset, length, now);
        }
        return target.drop;
    }
  }

  /** Relays between tunnel endpoints: the data path of a router. */
  #forward(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    const hopLimit = bytes[offset + HOP_LIMIT_OFFSET]!;
    if (hopLimit < LEAST_FORWARDED_HOP_LIMIT) {
      this.#refuseToPeer('hop-limit-exceeded', bytes, offset, length, now);
      return Drop.hopLimitExceeded;
    }
    if (length > TUNNEL_MTU) {
      this.#refuseToPeer('packet-too-big', bytes, offset, length, now);
      return Drop.tooBig;
    }
    bytes[offset + HOP_LIMIT_OFFSET] = hopLimit - 1;
    this.#sendTo(this.#target, bytes, offset, length);
    return Drop.none;
  }

  #fromIPv6Side(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    const identity = this.#identity;
    const malformed = refuseFrame(bytes, offset, length);
    if (malformed !== Drop.none) return malformed;
    if (isNd(bytes, offset, length)) return Drop.ndUnexpected;
    const refused = refuseNativeSource(identity, bytes, offset);
    if (refused !== Drop.none) return refused;
    const target = this.#target;
    if (routeFromIPv6Side(identity, bytes, offset, target) !== Route.tunnel) {
      if (target.drop === Drop.destinationNotEndpoint) {
        this.#refuseToIPv6Side('address-unreachable', bytes, offset, length, now);
      }
      return target.drop;
    }
    const hopLimit = bytes[offset + HOP_LIMIT_OFFSET]!;
    if (hopLimit < LEAST_FORWARDED_HOP_LIMIT) {
      this.#refuseToIPv6Side('hop-limit-exceeded', bytes, offset, length, now);
      return Drop.hopLimitExceeded;
    }
    if (length > TUNNEL_MTU) {
      this.#refuseToIPv6Side('packet-too-big', bytes, offset, length, now);
      return Drop.tooBig;
    }
    bytes[offset + HOP_LIMIT_OFFSET] = hopLimit - 1;
    this.#sendTo(target, bytes, offset, length);
    return Drop.none;
  }

  /** Packets to the router's own addresses: echo is answered here, the rest is its host's. */
  #toSelf(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    const echo = parseEcho(bytes, offset, length);
    if (echo.ok && echo.value.type === 'echo-request') {
      if (length > TUNNEL_MTU) {
        this.#refuseToPeer('packet-too-big', bytes, offset, length, now);
        return Drop.tooBig;
      }
      const { source, destination } = echo.value;
      const reply = buildEcho({
        ...echo.value,
        type: 'echo-reply',
        source: destination,
        destination: source,
        hopLimit: 64,
      });
      this.#answer(reply);
      return Drop.none;
    }
    const isHost = this.#identity.layout.matchesEndpoint(
      bytes,
      offset + DESTINATION_OFFSET,
      this.#identity.self,
    );
    if (this.#identity.ipv6Side && isHost) {
      this.#deliver(bytes, offset, length);
      return Drop.none;
    }
    this.#refuseToPeer('port-unreachable', bytes, offset, length, now);
    return Drop.noListener;
  }

  #neighborDiscovery(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    // Deployed peers put a source link-layer option into solicitations from `::`, against RFC 4861
    // §6.1.1; whoever insists on the rule has no peers.
    const parsed = parseNd(bytes, offset, length, { lenientSolicitation: true });
    if (!parsed.ok) return Drop.ndInvalid;
    switch (parsed.value.type) {
      case 'router-solicitation':
        return this.#answerRouterSolicitation(parsed.value, now);
      case 'neighbor-solicitation':
        return this.#answerNeighborSolicitation(parsed.value, now);
      default:
        return Drop.ndUnexpected;
    }
  }

  /** Exempt from the source filter: this is how a peer learns which source to use (draft-03 §6). */
  #answerRouterSolicitation(solicitation: RouterSolicitation, now: number): DropCode {
    const { destination } = solicitation;
    if (!isLinkLocal(destination, 0) && !isLinkLocalMulticast(destination, 0)) {
      return Drop.ndUnexpected;
    }
    if (!this.#advertisements.allows(this.#from.addressBits, now)) return Drop.rateLimited;
    const answer = this.#advertiser.answer(solicitation, this.#from);
    this.#answer(answer);
    return Drop.none;
  }

  #answerNeighborSolicitation(solicitation: NeighborSolicitation, now: number): DropCode {
    const identity = this.#identity;
    if (!isOwnAddress(identity, solicitation.target, 0)) return Drop.ndUnexpected;
    if (!this.#isSender(solicitation.source)) return Drop.sourceMismatch;
    if (!this.#advertisements.allows(this.#from.addressBits, now)) return Drop.rateLimited;
    const answer = buildNeighborAnswer(solicitation, ROUTER_LINK_LOCAL, {
      layout: identity.layout,
      endpoint: identity.self,
      router: true,
      override: false,
    });
    this.#answer(answer);
    return Drop.none;
  }

  /** Whether this IPv6 source, global or link-local, is that of who sent the datagram at hand. */
  #isSender(source: Uint8Array): boolean {
    const { layout, segment } = this.#identity;
    return (
      isLinkLocalOf(layout, source, 0, this.#from) ||
      (segment.contains(source, 0) && layout.matchesEndpoint(source, 0, this.#from))
    );
  }

  #correct(bytes: Uint8Array, offset: number, now: number): void {
    if (!this.#corrections.allows(this.#from.addressBits, now)) {
      this.counters.answerWithheld();
      return;
    }
    const answer = this.#advertiser.correct(bytes, offset + SOURCE_OFFSET, this.#from);
    this.#answer(answer);
  }

  #refuseToPeer(
    cause: IcmpCause,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const { ownAddress } = this.#identity;
    const error = this.#errors.build(
      cause,
      ownAddress,
      bytes,
      offset,
      length,
      this.#from.address,
      now,
    );
    if (error === 'withheld') this.counters.answerWithheld();
    else if (error !== null) this.#answer(error);
  }

  #refuseToIPv6Side(
    cause: IcmpCause,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const { ownAddress } = this.#identity;
    const key = flowKey(bytes, offset);
    const error = this.#errors.build(cause, ownAddress, bytes, offset, length, key, now);
    if (error === 'withheld') this.counters.answerWithheld();
    else if (error !== null) this.#deliver(error, 0, error.length);
  }

  /** Answers whoever sent the datagram that is being handled. */
  #answer(packet: Uint8Array): void {
    this.#sendTo(this.#from, packet, 0, packet.length);
  }

  #sendTo(to: Readonly<UdpEndpoint>, bytes: Uint8Array, offset: number, length: number): void {
    this.counters.datagramSent(length);
    this.#sink.sendDatagram(bytes, offset, length, to, tosOf(bytes, offset), 0);
  }

  #deliver(bytes: Uint8Array, offset: number, length: number): void {
    this.counters.packetDelivered(length);
    this.#sink.deliverPacket(bytes, offset, length);
  }
}

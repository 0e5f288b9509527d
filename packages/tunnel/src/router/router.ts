import {
  type Endpoint,
  formatPrefix,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  reference2020,
} from '@6bed4/codec';
import {
  buildEcho,
  DESTINATION_OFFSET,
  echoReplyTo,
  isNd,
  type NeighborSolicitation,
  parseEcho,
  parseNd,
  type RouterSolicitation,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import { ADVERTISEMENT_RATE, CORRECTION_RATE } from '../defaults.js';
import { Advertiser } from '../discovery/advertiser.js';
import { buildSolicitedAdvertisement } from '../discovery/neighborAdvertisement.js';
import type { TunnelSink } from '../machine/machine.js';
import { MachineCore } from '../machine/machineCore.js';
import { flowKey, RateLimiter } from '../packet/rateLimiter.js';
import { refuseTransit } from '../packet/transit.js';
import { Drop, type DropCode } from '../report/drop.js';
import { TUNNEL_MTU } from '../specification.js';
import { identify, isOwnAddress, ownAddressText, type RouterIdentity } from './identity.js';
import { Route, RouteTarget, routeFromIPv6Side, routeFromTunnel } from './route.js';
import type { RouterOptions } from './routerOptions.js';
import { refuseNativeSource, refuseTunnelSource } from './sourceFilter.js';

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
export class Router extends MachineCore {
  readonly #identity: RouterIdentity;
  readonly #advertiser: Advertiser;
  readonly #advertisements: RateLimiter;
  readonly #corrections: RateLimiter;
  /** The destination of the packet at hand; written over for each. */
  readonly #target = new RouteTarget();

  /** @throws InvalidArgumentError naming the option that cannot be used */
  constructor(options: RouterOptions, sink: TunnelSink) {
    super(sink, options.random, (options.profile ?? reference2020).dialect);
    this.#identity = identify(options);
    this.#advertiser = new Advertiser(this.#identity);
    this.#advertisements = new RateLimiter(ADVERTISEMENT_RATE, options.random);
    this.#corrections = new RateLimiter(CORRECTION_RATE, options.random);
  }

  /** The router's own IPv6 address, RFC 5952. */
  get address(): string {
    return ownAddressText(this.#identity);
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return formatPrefix({ bytes: this.#identity.subnetPrefix.toBytes(), length: 64 });
  }

  /** Its own endpoint. */
  get endpoint(): Endpoint {
    return this.#identity.endpoint;
  }

  /** A router has no timers: this does nothing. */
  override handleTimeout(_now: number): void {}

  /** A router has no timers: always `Infinity`. */
  override nextTimeout(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** @internal */
  protected override fromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    const identity = this.#identity;
    const { from } = this;
    if (!identity.policy.accepts(from)) return Drop.sourceEndpointRefused;
    if (from.addressBits === identity.self.addressBits && from.port === identity.self.port) {
      return Drop.loop;
    }
    if (isNd(bytes, offset, length)) return this.#neighborDiscovery(bytes, offset, length, now);
    const refused = refuseTunnelSource(identity, bytes, offset, from);
    if (refused !== Drop.none) {
      if (refused === Drop.sourceMismatch) this.#correct(bytes, offset, now);
      return refused;
    }
    const drop = this.#routeFromTunnel(bytes, offset, length);
    // A destination that encodes no endpoint is an attempt at something: no answer to that.
    if (drop !== Drop.none && drop !== Drop.destinationNotEndpoint) {
      const { ownAddress } = identity;
      const receiver = from.addressBits;
      const error = this.output.errorAbout(drop, ownAddress, bytes, offset, length, receiver, now);
      if (error !== null) this.#answer(error);
    }
    return drop;
  }

  #routeFromTunnel(bytes: Uint8Array, offset: number, length: number): DropCode {
    const target = this.#target;
    switch (routeFromTunnel(this.#identity, bytes, offset, this.from, target)) {
      case Route.tunnel:
        return this.#forward(bytes, offset, length);
      case Route.ipv6Side:
        if (length > TUNNEL_MTU) return Drop.tooBig;
        this.output.deliver(bytes, offset, length);
        return Drop.none;
      case Route.self:
        return this.#toSelf(bytes, offset, length);
      default:
        return target.drop;
    }
  }

  /** @internal */
  protected override fromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    const identity = this.#identity;
    if (isNd(bytes, offset, length)) return Drop.ndUnexpected;
    const refused = refuseNativeSource(identity, bytes, offset);
    if (refused !== Drop.none) return refused;
    const isRouted = routeFromIPv6Side(identity, bytes, offset, this.#target) === Route.tunnel;
    const drop = isRouted ? this.#forward(bytes, offset, length) : this.#target.drop;
    if (drop !== Drop.none) {
      const { ownAddress } = identity;
      const key = flowKey(bytes, offset);
      const error = this.output.errorAbout(drop, ownAddress, bytes, offset, length, key, now);
      if (error !== null) this.output.deliver(error, 0, error.length);
    }
    return drop;
  }

  /** Puts a packet into the tunnel: the data path of a router. */
  #forward(bytes: Uint8Array, offset: number, length: number): DropCode {
    const refused = refuseTransit(bytes, offset, length);
    if (refused !== Drop.none) return refused;
    this.output.send(this.#target, bytes, offset, length);
    return Drop.none;
  }

  /** Packets to the router's own addresses: echo is answered here, the rest is its host's. */
  #toSelf(bytes: Uint8Array, offset: number, length: number): DropCode {
    const echo = parseEcho(bytes, offset, length);
    if (echo.ok && echo.value.type === 'echo-request') {
      if (length > TUNNEL_MTU) return Drop.tooBig;
      this.#answer(buildEcho(echoReplyTo(echo.value)));
      return Drop.none;
    }
    const isHost = this.#identity.layout.matchesEndpoint(
      bytes,
      offset + DESTINATION_OFFSET,
      this.#identity.self,
    );
    if (this.#identity.ipv6Side && isHost) {
      this.output.deliver(bytes, offset, length);
      return Drop.none;
    }
    return Drop.noListener;
  }

  #neighborDiscovery(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    // Deployed peers put a source link-layer option into solicitations from `::`, against RFC 4861
    // §6.1.1; a router that enforces the rule has no peers.
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
    if (!isIPv6LinkLocal(destination, 0) && !isIPv6LinkLocalMulticast(destination, 0)) {
      return Drop.ndUnexpected;
    }
    if (!this.#advertisements.allows(this.from.addressBits, now)) return Drop.rateLimited;
    const answer = this.#advertiser.answer(solicitation, this.from);
    this.#answer(answer);
    return Drop.none;
  }

  #answerNeighborSolicitation(solicitation: NeighborSolicitation, now: number): DropCode {
    const identity = this.#identity;
    if (!isOwnAddress(identity, solicitation.target, 0)) return Drop.ndUnexpected;
    if (!this.#isSender(solicitation.source)) return Drop.sourceMismatch;
    if (!this.#advertisements.allows(this.from.addressBits, now)) return Drop.rateLimited;
    const answer = buildSolicitedAdvertisement(solicitation, ROUTER_LINK_LOCAL, {
      layout: identity.layout,
      endpoint: identity.self,
      router: true,
      override: false,
      brief: false,
    });
    this.#answer(answer);
    return Drop.none;
  }

  /** Whether this IPv6 source, global or link-local, is that of the sender of the current datagram. */
  #isSender(source: Uint8Array): boolean {
    const { layout, subnetPrefix } = this.#identity;
    return (
      isLinkLocalOf(layout, source, 0, this.from) ||
      (subnetPrefix.contains(source, 0) && layout.matchesEndpoint(source, 0, this.from))
    );
  }

  #correct(bytes: Uint8Array, offset: number, now: number): void {
    if (!this.#corrections.allows(this.from.addressBits, now)) {
      this.counters.answerWithheld();
      return;
    }
    const answer = this.#advertiser.correct(bytes, offset + SOURCE_OFFSET, this.from);
    this.#answer(answer);
  }

  /** Answers the sender of the current datagram. */
  #answer(packet: Uint8Array): void {
    this.output.send(this.from, packet, 0, packet.length);
  }
}

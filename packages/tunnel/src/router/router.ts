import {
  type Endpoint,
  formatPrefix,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Multicast,
  reference2020,
  sameIPv6Address,
} from '@6bed4/codec';
import {
  buildEcho,
  DESTINATION_OFFSET,
  echoReplyTo,
  hidesNd,
  isNd,
  type NeighborSolicitation,
  parseEcho,
  parseNd,
  type RouterSolicitation,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { ADVERTISEMENT_RATE, FREE_ADVERTISEMENT_RATE } from '../defaults.js';
import { Advertiser } from '../discovery/advertiser.js';
import { buildSolicitedAdvertisement } from '../discovery/neighborAdvertisement.js';
import type { TunnelSink } from '../machine/machine.js';
import { MachineCore } from '../machine/machineCore.js';
import { followHeader } from '../machine/run.js';
import { Masquerade } from '../masquerade/masquerade.js';
import { AnswerBudget } from '../packet/answerBudget.js';
import { flowKey, RateLimiter } from '../packet/rateLimiter.js';
import { refuseTransit } from '../packet/transit.js';
import { Drop, type DropCode } from '../report/drop.js';
import { SUBNET_PREFIX_LENGTH, TUNNEL_MTU } from '../specification.js';
import {
  identify,
  isOwnEndpoint,
  isSolicitedAddress,
  ownAddressText,
  type RouterIdentity,
} from './identity.js';
import { Route, type RouteCode, RouteTarget, routeFromIPv6Side, routeFromTunnel } from './route.js';
import type { RouterOptions } from './routerOptions.js';
import {
  isCorrected,
  isForeignPeer,
  refuseNativeSource,
  refuseTunnelSource,
} from './sourceFilter.js';

/**
 * The 6bed4 router (draft-03 §10.1, draft-04 §5): hands out prefixes, relays between peers, to other
 * routers and to its IPv6 side. It keeps no state per peer: memory does not grow with the number of
 * remotes, and a restart goes unnoticed.
 *
 * Whoever sends to it may have a false IPv4 source address. So all its answers to an endpoint together are
 * no larger than what came from there, but for few first advertisements; and each endpoint, not each IPv4
 * address, has a rate of its own, since many peers share an address behind a NAT.
 *
 * @example
 * ```ts
 * const router = new Router({ address: '192.0.2.1', random: Math.random }, sink);
 * router.handleDatagram(bytes, 0, bytes.length, address, port, now);
 * ```
 */
export class Router extends MachineCore {
  readonly #options: RouterOptions;
  #identity: RouterIdentity;
  #advertiser: Advertiser;
  readonly #advertisements: RateLimiter;
  /** Of advertisements that their solicitations have not earned, to one IPv4 address. */
  readonly #freeAdvertisements: RateLimiter;
  readonly #budget: AnswerBudget;
  readonly #masquerade: Masquerade | null;
  /** The destination of the packet at hand; written over for each. */
  readonly #target = new RouteTarget();
  /** The way of the last packet that was asked about. */
  #lastRoute: RouteCode = Route.drop;

  /** @throws InvalidArgumentError naming the option that cannot be used */
  constructor(options: RouterOptions, sink: TunnelSink) {
    super(sink, options.random, (options.profile ?? reference2020).dialect);
    this.#options = options;
    this.#identity = identify(options);
    this.#advertiser = new Advertiser(this.#identity);
    const { random } = options;
    this.#advertisements = new RateLimiter(ADVERTISEMENT_RATE, random);
    this.#freeAdvertisements = new RateLimiter(FREE_ADVERTISEMENT_RATE, random);
    this.#budget = new AnswerBudget(random);
    this.#masquerade = Masquerade.of(this.#identity, options);
  }

  /** The router's own IPv6 address, RFC 5952. */
  get address(): string {
    return ownAddressText(this.#identity);
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return formatPrefix({
      bytes: this.#identity.subnetPrefix.toBytes(),
      length: SUBNET_PREFIX_LENGTH,
    });
  }

  /** Its own endpoint. */
  get endpoint(): Endpoint {
    return this.#identity.endpoint;
  }

  /**
   * Offers other routes from now on; peers learn them with the next advertisement that they ask for.
   *
   * @param routes - as the options `routes` and `forwardTo`
   * @throws InvalidArgumentError, with nothing changed
   */
  setRoutes({ routes, forwardTo }: Pick<RouterOptions, 'routes' | 'forwardTo'>): void {
    this.#identity = identify({ ...this.#options, routes, forwardTo });
    this.#advertiser = new Advertiser(this.#identity);
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
    if (!identity.policy.accepts(from)) return this.#fromRefused(bytes, offset, length, now);
    if (from.addressBits === identity.self.addressBits && from.port === identity.self.port) {
      return Drop.loop;
    }
    if (isNd(bytes, offset, length)) return this.#neighborDiscovery(bytes, offset, length, now);
    if (hidesNd(bytes, offset, length)) return Drop.ndUnexpected;
    const refused = refuseTunnelSource(identity, bytes, offset, from);
    if (refused !== Drop.none) return this.#refuseSource(refused, bytes, offset, length, now);
    const drop = this.#routeFromTunnel(bytes, offset, length, now);
    // Stryker disable next-line ConditionalExpression: nothing is reported then; saves the call
    if (drop !== Drop.none) this.#reportDrop(drop, bytes, offset, length, now);
    return drop;
  }

  /**
   * A packet from an endpoint that is not relayed for. One in private space may be in a network that reaches
   * us without a NAT: it learns its prefix, and its user why nothing else works (draft-03 §10.1).
   */
  #fromRefused(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    if (this.#identity.answered.accepts(this.from)) {
      if (isNd(bytes, offset, length)) return this.#neighborDiscovery(bytes, offset, length, now);
      this.#reportDrop(Drop.sourceEndpointRefused, bytes, offset, length, now);
    }
    return Drop.sourceEndpointRefused;
  }

  #routeFromTunnel(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    const target = this.#target;
    this.#lastRoute = routeFromTunnel(this.#identity, bytes, offset, this.from, target);
    switch (this.#lastRoute) {
      case Route.tunnel:
        return this.#forward(bytes, offset, length, null, now);
      case Route.ipv6Side:
        if (length > TUNNEL_MTU) return Drop.tooBig;
        this.output.deliver(bytes, offset, length);
        return Drop.none;
      case Route.self:
        return this.#toSelf(bytes, offset, length, now);
      default:
        return target.drop;
    }
  }

  /** @internal */
  protected override repeatFromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
  ): boolean {
    return this.#repeat(bytes, offset, length, size);
  }

  /** @internal */
  protected override repeatFromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
  ): boolean {
    return this.#masquerade === null && this.#repeat(bytes, offset, length, size);
  }

  /** Does with a run what was done with the packet before it, where nothing but its header decided. */
  #repeat(bytes: Uint8Array, offset: number, length: number, size: number): boolean {
    switch (this.#lastRoute) {
      case Route.tunnel:
        followHeader(bytes, offset, length, size);
        this.output.sendRun(this.#target, bytes, offset, length, size);
        return true;
      case Route.ipv6Side:
        this.output.deliverRun(bytes, offset, length, size);
        return true;
      default:
        return false;
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
    if (isNd(bytes, offset, length) || hidesNd(bytes, offset, length)) return Drop.ndUnexpected;
    const refused = refuseNativeSource(identity, bytes, offset);
    if (refused !== Drop.none) return refused;
    this.#lastRoute = routeFromIPv6Side(identity, bytes, offset, this.#target);
    const drop =
      this.#lastRoute === Route.tunnel
        ? this.#forward(bytes, offset, length, this.#masquerade, now)
        : this.#target.drop;
    // Stryker disable next-line ConditionalExpression: nothing is reported then; saves the calls
    if (drop !== Drop.none) {
      const { ownAddress } = identity;
      const key = flowKey(bytes, offset);
      const error = this.output.errorAbout(drop, ownAddress, bytes, offset, length, key, now);
      if (error !== null) this.output.deliver(error, 0, error.length);
    }
    return drop;
  }

  /** Puts a packet into the tunnel: the data path of a router. */
  #forward(
    bytes: Uint8Array,
    offset: number,
    length: number,
    masquerade: Masquerade | null,
    now: number,
  ): DropCode {
    const refused = refuseTransit(bytes, offset, length);
    if (refused !== Drop.none) return refused;
    // Not before, or the error would go to the router's address and quote what nobody sent.
    if (masquerade?.fromHost(bytes, offset, length, now) === true) {
      this.counters.rewrittenFromHost();
    }
    this.output.send(this.#target, bytes, offset, length);
    return Drop.none;
  }

  /** Packets to the router's own addresses: echo is answered here, the rest is its host's, or by rules another's. */
  #toSelf(bytes: Uint8Array, offset: number, length: number, now: number): DropCode {
    if (this.#masquerade !== null) {
      if (length > TUNNEL_MTU) return Drop.tooBig;
      if (this.#masquerade.toHost(bytes, offset, length, this.from, now)) {
        this.counters.rewrittenToHost();
        this.output.deliver(bytes, offset, length);
        return Drop.none;
      }
    }
    const echo = parseEcho(bytes, offset, length);
    if (echo.ok && echo.value.type === 'echo-request') {
      if (length > TUNNEL_MTU) return Drop.tooBig;
      this.#answer(buildEcho(echoReplyTo(echo.value)), length);
      return Drop.none;
    }
    const isHost = this.#identity.layout.matchesEndpoint(
      bytes,
      offset + DESTINATION_OFFSET,
      this.#identity.self,
    );
    if (this.#identity.ipv6Side && isHost) {
      // Without rules, the host takes all that is like this packet.
      if (this.#masquerade === null) this.#lastRoute = Route.ipv6Side;
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
        return this.#answerRouterSolicitation(parsed.value, length, now);
      case 'neighbor-solicitation':
        return this.#answerNeighborSolicitation(parsed.value, length, now);
      default:
        return Drop.ndUnexpected;
    }
  }

  /** Exempt from the source filter: this is how a peer learns which source to use (draft-03 §6). */
  #answerRouterSolicitation(
    solicitation: RouterSolicitation,
    length: number,
    now: number,
  ): DropCode {
    const { destination, source } = solicitation;
    if (!isIPv6LinkLocal(destination) && !isIPv6LinkLocalMulticast(destination)) {
      return Drop.ndUnexpected;
    }
    if (isIPv6Multicast(source)) return Drop.ndInvalid;
    if (!this.#mayAdvertise(now)) return Drop.rateLimited;
    const answer = this.#advertiser.answer(solicitation, this.from);
    return this.#answer(answer, length) || this.#answerFree(answer, now)
      ? Drop.none
      : Drop.rateLimited;
  }

  /**
   * The advertisement comes from the very address that was solicited, so that its receiver can check it against
   * the endpoint that it came from. Deployed routers use `fe80::` for all (RFC 4861 §7.2.4 allows any of
   * the interface), but no deployed peer solicits its router.
   */
  #answerNeighborSolicitation(
    solicitation: NeighborSolicitation,
    length: number,
    now: number,
  ): DropCode {
    const identity = this.#identity;
    const { source, destination, target } = solicitation;
    if (
      !isSolicitedAddress(identity, target, this.from) ||
      !(isIPv6LinkLocalMulticast(destination) || sameIPv6Address(destination, 0, target, 0))
    ) {
      return Drop.ndUnexpected;
    }
    if (!this.#isSender(source)) return Drop.sourceMismatch;
    if (!this.#mayAdvertise(now)) return Drop.rateLimited;
    const answer = buildSolicitedAdvertisement(solicitation, target, {
      layout: identity.layout,
      endpoint: identity.self,
      router: true,
      override: isOwnEndpoint(identity, target),
      brief: true,
    });
    return this.#answer(answer, length) ? Drop.none : Drop.rateLimited;
  }

  /** Whether this IPv6 source, global or link-local, is that of the sender of the current datagram. */
  #isSender(source: Uint8Array): boolean {
    const identity = this.#identity;
    const { layout, subnetPrefix } = identity;
    return (
      isLinkLocalOf(layout, source, 0, this.from) ||
      (subnetPrefix.contains(source, 0) && layout.matchesEndpoint(source, 0, this.from)) ||
      isForeignPeer(identity, source, 0, this.from)
    );
  }

  /** Drops a frame with a false source, and tells its sender which one it has (draft-03 §6, §10.1). */
  #refuseSource(
    refused: DropCode,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    if (isCorrected(this.#identity, refused, bytes, offset, this.from)) {
      if (this.#mayAdvertise(now)) this.#correct(bytes, offset, length, now);
      else this.counters.answerWithheld();
    }
    return refused;
  }

  #correct(bytes: Uint8Array, offset: number, length: number, now: number): void {
    const answer = this.#advertiser.correct(bytes, offset + SOURCE_OFFSET, this.from);
    if (this.#answer(answer, length)) return;
    // Without a retraction, this is the answer to a solicitation (draft-01 §5.2).
    if (!this.#identity.discovery.retracts && this.#answerFree(answer, now)) return;
    this.counters.answerWithheld();
  }

  #reportDrop(
    drop: DropCode,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    // A destination that encodes no endpoint is an attempt at something: no answer to that.
    if (drop === Drop.destinationNotEndpoint) return;
    const { output, from } = this;
    const { ownAddress } = this.#identity;
    const { addressBits, port } = from;
    const error = output.errorAbout(
      drop,
      ownAddress,
      bytes,
      offset,
      length,
      addressBits,
      now,
      port,
    );
    if (error !== null && !this.#answer(error, length)) this.counters.answerWithheld();
  }

  #mayAdvertise(now: number): boolean {
    return this.#advertisements.allows(this.from.addressBits, now, this.from.port);
  }

  /**
   * Answers the sender of the current datagram, if it has sent us enough for that.
   *
   * @param length - bytes of the packet that it answers
   */
  #answer(answer: Uint8Array, length: number): boolean {
    const { from } = this;
    this.#budget.earn(from, length);
    if (!this.#budget.spend(from, answer.length)) return false;
    this.output.send(from, answer, 0, answer.length);
    return true;
  }

  /**
   * Sends an advertisement that was not earned, if its IPv4 address has not had its few. Such a one is whole too:
   * without the routes, it would take them from a peer that has them.
   */
  #answerFree(answer: Uint8Array, now: number): boolean {
    if (answer.length > TUNNEL_MTU) return false;
    if (!this.#freeAdvertisements.allows(this.from.addressBits, now)) return false;
    this.output.send(this.from, answer, 0, answer.length);
    return true;
  }
}

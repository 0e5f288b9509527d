import { is6bed4Prefixed, readRouterAddress, sameBytes, type UdpEndpoint } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import {
  ADVERTISEMENT_HOLD,
  PADDED_SOLICITATION,
  PEER_LIMITER_BUCKETS,
  RESOLICITATION_RATE,
} from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import type { MachineOutput } from '../machine/output.js';
import { RateLimiter } from '../packet/rateLimiter.js';
import { nonceOf } from '../peering/nonce.js';
import { Drop, type DropCode } from '../report/drop.js';
import { INFINITE_LIFETIME, TUNNEL_MTU } from '../specification.js';
import { DISTANT_FUTURE } from '../time.js';
import { acceptAdvertisement } from './advertisementAcceptance.js';
import { Lease } from './lease.js';
import { OfferedRoutes } from './offeredRoutes.js';
import type { PeerSettings } from './peerOptions.js';
import { type FailoverHost, RouterFailover } from './routerFailover.js';
import { buildBareSolicitation, buildSolicitation, makeNonce } from './routerSolicitation.js';
import type { Statement, Uplink } from './uplink.js';

const MILLISECONDS_PER_SECOND = 1000;
const NOTHING = new Uint8Array(0);

/** The part of a peer that has to do with the leases of its uplinks. */
export interface LeaseHost extends FailoverHost {
  /** Whether we may be at an endpoint. */
  accepts(endpoint: Readonly<UdpEndpoint>): boolean;
  /** An uplink has a lease that it had not before. */
  leaseAdopted(uplink: Uplink, lease: Lease, now: number): void;
  /** A lease was given up. */
  leaseLost(): void;
}

/**
 * Router Discovery on one uplink (RFC 4861 §6.3, draft-03 §10.2): solicits the router, adopts the address
 * that it advertises, keeps the NATs on the way there open, and solicits again before the address can be
 * out of date. The uplink holds the state and the timers; this class holds none.
 *
 * Anyone who can forge an IPv4 source address can send advertisements in the name of the router. So one that
 * repeats the nonce of our solicitation is adopted at once, and no other of a router that ever did so.
 * Deployed routers are silent when a solicitation has options; so solicitations that are repeated go out
 * without as well, and their answer is adopted when for half a second none has come that says otherwise.
 */
export class RouterDiscovery {
  readonly #settings: PeerSettings;
  readonly #output: MachineOutput;
  readonly #host: LeaseHost;
  readonly #failover: RouterFailover;
  readonly #resolicitations: RateLimiter;

  constructor(settings: PeerSettings, output: MachineOutput, host: LeaseHost) {
    this.#settings = settings;
    this.#output = output;
    this.#host = host;
    this.#failover = new RouterFailover(output, host, (uplink, now) => this.doubt(uplink, now));
    this.#resolicitations = new RateLimiter(
      RESOLICITATION_RATE,
      settings.random,
      PEER_LIMITER_BUCKETS,
    );
  }

  /** Expects the router of an uplink, which was sent something, to send something; see {@link RouterFailover}. */
  watch(uplink: Uplink, now: number): void {
    this.#failover.watch(uplink, now);
  }

  /** Begins to solicit, where the uplink is idle. */
  start(uplink: Uplink, now: number): void {
    if (uplink.transition('start')) this.#begin(uplink, now);
  }

  /** Gives the lease up and falls silent. */
  stop(uplink: Uplink): void {
    uplink.transition('stop');
    uplink.reportedUnreachable = false;
    uplink.repeatsNonces = false;
    this.#fallSilent(uplink);
  }

  /**
   * Solicits at once; a lease is kept until the answer replaces it.
   *
   * @param longest - bytes that the first solicitation may have
   */
  doubt(uplink: Uplink, now: number, longest = TUNNEL_MTU): void {
    if (!uplink.transition('doubt')) return;
    uplink.setTimer('refresh', DISTANT_FUTURE);
    this.#begin(uplink, now, longest);
  }

  /**
   * A valid Router Advertisement came from the router. One that answers us is adopted, see the class; any
   * other only makes us solicit again where it says something new, which a real router answers with the
   * same words.
   *
   * @param length - bytes of the packet
   */
  advertised(uplink: Uplink, message: RouterAdvertisement, length: number, now: number): DropCode {
    const nonce = nonceOf(message);
    const isAnswer = nonce !== null && isSame(nonce, uplink.nonce);
    if (isAnswer) uplink.repeatsNonces = true;
    const statement = this.#read(uplink, message, now);
    if (statement === null) return Drop.advertisementRefused;
    if (isAnswer) {
      uplink.nonce = null;
      this.#answered(uplink, statement, now);
      return Drop.none;
    }
    switch (uplink.state) {
      case 'soliciting':
      case 'refreshing':
        return nonce === null ? this.#hold(uplink, statement, now) : Drop.advertisementRefused;
      case 'leased':
        return this.#contradicted(uplink, statement, length, now);
      default:
        return Drop.advertisementRefused;
    }
  }

  /** Does what is due on an uplink. */
  handleTimeout(uplink: Uplink, now: number): void {
    if (uplink.isDue('expiry', now)) this.#expire(uplink, now);
    if (uplink.isDue('adoption', now)) this.#answered(uplink, uplink.held!, now);
    if (uplink.isDue('refresh', now)) this.doubt(uplink, now);
    if (uplink.isDue('watch', now)) this.#failover.endWatch(uplink, now);
    if (uplink.isDue('solicit', now)) this.#unanswered(uplink, now);
    if (uplink.isDue('routes', now)) this.#adopt(uplink, uplink.lease!.offer, uplink.routes!, now);
    if (uplink.isDue('keepalive', now)) this.#keepAlive(uplink, now);
  }

  /** Opens the NATs on the way to the router again, all of them. */
  reopen(uplink: Uplink, now: number): void {
    this.#sendNothing(uplink, 0, now);
  }

  // Soliciting

  #begin(uplink: Uplink, now: number, longest = TUNNEL_MTU): void {
    uplink.renew(makeNonce(this.#settings.random));
    uplink.solicitedAt = now;
    this.#solicit(uplink, now, longest);
  }

  #solicit(uplink: Uplink, now: number, longest = TUNNEL_MTU): void {
    uplink.attempts++;
    uplink.isContradicted = false;
    uplink.setTimer('solicit', now + this.#failover.solicitationWait(uplink));
    uplink.lastSentAt = now;
    const length = Math.min(PADDED_SOLICITATION * uplink.attempts, longest);
    this.#send(uplink, buildSolicitation(uplink.nonce!, length));
    if (uplink.expectsBareAnswer) this.#send(uplink, buildBareSolicitation());
  }

  #send(uplink: Uplink, solicitation: Uint8Array): void {
    this.#output.send(uplink.endpoint, solicitation, 0, solicitation.length);
  }

  #unanswered(uplink: Uplink, now: number): void {
    uplink.transition('silence');
    this.#failover.unanswered(uplink, now);
    this.#solicit(uplink, now);
  }

  // Advertisements

  /** Reads what matters to this uplink; null where nothing does. */
  #read(uplink: Uplink, message: RouterAdvertisement, now: number): Statement | null {
    const offers = acceptAdvertisement(this.#settings, message, uplink.endpoint);
    const offer = this.#choose(uplink, offers);
    const isRetracted = (one: Offer): boolean =>
      one.prefix.validLifetime === 0 && uplink.lease?.isOf(one) === true;
    if (offer === null && !offers.some(isRetracted)) return null;
    const routes = new OfferedRoutes(message, now);
    const text = `${offer?.base} ${offer?.prefix.validLifetime} ${routes.text}`;
    return { offer, routes, text };
  }

  /**
   * Chooses the offer to use: the first whose prefix names the router, or else the last without a router's
   * name, as deployed peers do. One that names another router is not the router's to give (draft-03 §6).
   * From a router that we solicited only to avoid the trapezium path, nothing is taken but an address in the
   * very /64 that is wanted.
   */
  #choose(uplink: Uplink, offers: readonly Offer[]): Offer | null {
    const { wanted, endpoint, lease } = uplink;
    let chosen: Offer | null = null;
    for (const offer of offers) {
      const { validLifetime, preferredLifetime } = offer.prefix;
      // One that is deprecated is kept, but not begun with (RFC 4862 §5.5.4).
      const isUsable = preferredLifetime > 0 || lease?.isOf(offer) === true;
      if (validLifetime === 0 || !isUsable || !this.#host.accepts(offer.endpoint)) continue;
      if (wanted !== null) {
        if (wanted.contains(offer.base, 0)) return offer;
      } else if (!is6bed4Prefixed(this.#settings.profile, offer.base, 0)) {
        chosen = offer;
      } else if (readRouterAddress(offer.base, 0) === endpoint.address) {
        return offer;
      }
    }
    return chosen;
  }

  /** Keeps an answer without nonce until it is adopted, or drops it with the one that it contradicts. */
  #hold(uplink: Uplink, statement: Statement, now: number): DropCode {
    const { held } = uplink;
    if (!uplink.expectsBareAnswer || uplink.isContradicted) return Drop.advertisementRefused;
    if (held === null) uplink.hold(statement, now + ADVERTISEMENT_HOLD);
    if (held === null || held.text === statement.text) return Drop.none;
    uplink.hold(null, DISTANT_FUTURE);
    uplink.isContradicted = true;
    return Drop.advertisementRefused;
  }

  /**
   * Solicits where an advertisement that nobody asked for says otherwise than the lease, with no more bytes
   * than it has: whoever forged it shall not have us send the router more.
   */
  #contradicted(
    uplink: Uplink,
    { offer, routes }: Statement,
    length: number,
    now: number,
  ): DropCode {
    const lease = offer && this.#leaseOf(uplink, offer, routes, now);
    if (lease !== null && uplink.lease!.agreesWith(lease)) return Drop.none;
    if (!this.#resolicitations.allows(uplink.endpoint.addressBits, now)) return Drop.rateLimited;
    this.doubt(uplink, now, length);
    return Drop.none;
  }

  #answered(uplink: Uplink, { offer, routes }: Statement, now: number): void {
    const { nonce } = uplink;
    // Its answer may still come, and counts more.
    uplink.renew(nonce);
    uplink.lastAdvertisementAt = now;
    this.#failover.answered(uplink, now);
    if (offer === null) this.#expire(uplink, now);
    else if (!this.#settings.profile.layout.acceptsPort(offer.endpoint.port)) {
      this.#refuse(uplink, this.#leaseOf(uplink, offer, routes, now));
    } else {
      uplink.transition('advertisement');
      const previous = uplink.lease?.publicEndpoint ?? offer.endpoint;
      uplink.pace.seenAt(offer.endpoint, previous, now);
      this.#setTimers(uplink, offer.prefix.validLifetime, now);
      this.#adopt(uplink, offer, routes, now);
    }
  }

  /** Ends to use a UDP port that the router flags; see draft-01 §6.6. */
  #refuse(uplink: Uplink, { description }: Lease): void {
    const { router, publicEndpoint } = description;
    uplink.transition('refusal');
    this.#fallSilent(uplink);
    this.#output.event({ type: 'port-refused', router, publicEndpoint });
  }

  #fallSilent(uplink: Uplink): void {
    uplink.clearTimers();
    uplink.renew(null);
    this.#loseLease(uplink);
  }

  // The lease

  #setTimers(uplink: Uplink, lifetime: number, now: number): void {
    const milliseconds =
      lifetime === INFINITE_LIFETIME ? DISTANT_FUTURE : lifetime * MILLISECONDS_PER_SECOND;
    uplink.setTimer('solicit', DISTANT_FUTURE);
    uplink.setTimer(
      'refresh',
      now + Math.min(this.#failover.refreshInterval(uplink), milliseconds / 2),
    );
    uplink.setTimer('expiry', now + milliseconds);
    this.#setKeepalive(uplink);
  }

  #adopt(uplink: Uplink, offer: Offer, routes: OfferedRoutes, now: number): void {
    const previous = uplink.lease;
    const lease = this.#leaseOf(uplink, offer, routes, now);
    uplink.routes = routes;
    uplink.setTimer('routes', routes.nextEnd(now));
    if (previous?.agreesWith(lease)) return;
    uplink.lease = lease;
    this.#output.event(
      previous === null
        ? { type: 'address-acquired', ...lease.description }
        : { type: 'address-changed', ...lease.description, previous: previous.description },
    );
    this.#host.leaseAdopted(uplink, lease, now);
    this.#failover.joined(uplink, now);
  }

  #leaseOf(uplink: Uplink, offer: Offer, routes: OfferedRoutes, now: number): Lease {
    const { profile, lanip } = this.#settings;
    const { router, temporary } = uplink;
    return new Lease(profile, offer, {
      router,
      lanip,
      temporary,
      routes: temporary ? [] : routes.at(now),
      defaultRouter: !temporary && routes.isDefaultRouter(now),
    });
  }

  #expire(uplink: Uplink, now: number): void {
    uplink.transition('expiry');
    uplink.clearTimers();
    this.#loseLease(uplink);
    this.#begin(uplink, now);
  }

  #loseLease(uplink: Uplink): void {
    const { lease } = uplink;
    if (lease === null) return;
    uplink.lease = null;
    this.#output.event({ type: 'address-lost', ...lease.description });
    this.#host.leaseLost();
  }

  /**
   * Keeps the way to the router open, where nothing went there meanwhile that did (draft-04 §7.1): by an
   * empty datagram, or by a solicitation that also shows whether the NATs kept our mapping until now.
   */
  #keepAlive(uplink: Uplink, now: number): void {
    const { pace } = uplink;
    const isQuiet = uplink.lastSentAt + pace.interval <= now;
    if (isQuiet && uplink.state === 'leased' && pace.takesCheck()) this.doubt(uplink, now);
    else if (isQuiet) this.#sendNothing(uplink, pace.step.ttl, now);
    this.#setKeepalive(uplink);
  }

  #sendNothing(uplink: Uplink, ttl: number, now: number): void {
    uplink.lastSentAt = now;
    this.#output.send(uplink.endpoint, NOTHING, 0, 0, ttl);
  }

  /** From what went to the router last: the mapping of a NAT is as old, whenever the answer came. */
  #setKeepalive(uplink: Uplink): void {
    uplink.setTimer('keepalive', uplink.lastSentAt + uplink.pace.interval);
  }
}

function isSame(nonce: Uint8Array, expected: Uint8Array | null): boolean {
  return expected?.length === nonce.length && sameBytes(nonce, 0, expected, 0, nonce.length);
}

import { buildNd, type RouterAdvertisement } from '@6bed4/nd';
import { ALL_ROUTERS, UNSPECIFIED } from '../address/wellKnownAddresses.js';
import {
  PEER_LIMITER_BUCKETS,
  REFRESH_INTERVAL,
  RESOLICITATION_RATE,
  UNREACHABLE_AFTER_ATTEMPTS,
} from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { offeredPrefix } from '../discovery/offeredPrefix.js';
import type { MachineOutput } from '../machine/output.js';
import { RateLimiter } from '../packet/rateLimiter.js';
import { Drop, type DropCode } from '../report/drop.js';
import { INFINITE_LIFETIME } from '../specification.js';
import { acceptAdvertisement } from './advertisementAcceptance.js';
import { Lease } from './lease.js';
import { offeredRoutes } from './offeredRoutes.js';
import type { PeerSettings } from './peerOptions.js';
import type { Uplink } from './uplink.js';

const NEVER = Number.POSITIVE_INFINITY;
const MILLISECONDS_PER_SECOND = 1000;
const NOTHING = new Uint8Array(0);

/** Listener for leases that come and go. */
export interface LeaseListener {
  /** An uplink has a lease that it had not before; `previous` is the one that it replaces, if any. */
  leaseAdopted(uplink: Uplink, lease: Lease, previous: Lease | null, now: number): void;
  /** A lease was given up. */
  leaseLost(): void;
}

/**
 * Router Discovery on one uplink (RFC 4861 §6.3, draft-03 §10.2): solicits the router, adopts the address
 * that it advertises, keeps the NATs on the way there open, and solicits again before the address can be
 * out of date. The uplink holds the state and the timers; this class holds none.
 */
export class RouterDiscovery {
  readonly #settings: PeerSettings;
  readonly #output: MachineOutput;
  readonly #listener: LeaseListener;
  readonly #resolicitations: RateLimiter;
  readonly #solicitation: Uint8Array;

  constructor(settings: PeerSettings, output: MachineOutput, listener: LeaseListener) {
    this.#settings = settings;
    this.#output = output;
    this.#listener = listener;
    this.#resolicitations = new RateLimiter(
      RESOLICITATION_RATE,
      settings.random,
      PEER_LIMITER_BUCKETS,
    );
    // Without options: any but the source link-layer one makes deployed routers silent, and that one
    // is forbidden from `::` (RFC 4861 §4.1).
    this.#solicitation = buildNd({
      type: 'router-solicitation',
      source: UNSPECIFIED,
      destination: ALL_ROUTERS,
      options: [],
    });
  }

  /** Begins to solicit, where the uplink is idle. */
  start(uplink: Uplink, now: number): void {
    if (uplink.transition('start')) this.#solicit(uplink, now);
  }

  /** Gives the lease up and falls silent. */
  stop(uplink: Uplink): void {
    uplink.transition('stop');
    uplink.clearTimers();
    uplink.attempts = 0;
    uplink.reportedUnreachable = false;
    this.#loseLease(uplink);
  }

  /** Solicits at once; a lease is kept until the answer replaces it. */
  doubt(uplink: Uplink, now: number): void {
    if (!uplink.transition('doubt')) return;
    uplink.attempts = 0;
    uplink.setTimer('refresh', NEVER);
    this.#solicit(uplink, now);
  }

  /**
   * A valid Router Advertisement came from the router. One that answers us is adopted. One that comes
   * unsolicited can be forged by anyone who can forge an IPv4 source address; it only makes us solicit
   * again, which a real router answers with the same words.
   */
  advertised(uplink: Uplink, message: RouterAdvertisement, now: number): DropCode {
    const { discovery, profile } = this.#settings;
    const offer = acceptAdvertisement(discovery, message);
    if (offer === null) return Drop.advertisementRefused;
    const routes = offeredRoutes(message);
    const isSoliciting = uplink.state === 'soliciting' || uplink.state === 'refreshing';
    if (!isSoliciting) {
      if (uplink.lease?.agreesWith(this.#leaseOf(uplink, offer, routes))) return Drop.none;
      if (!this.#resolicitations.allows(uplink.endpoint.addressBits, now)) return Drop.rateLimited;
      this.doubt(uplink, now);
      return Drop.none;
    }
    this.#answered(uplink, now);
    if (!profile.layout.acceptsPort(offer.endpoint.port)) {
      const { publicEndpoint } = this.#leaseOf(uplink, offer, []).description;
      this.#output.event({ type: 'port-refused', router: uplink.router, publicEndpoint });
      return Drop.none;
    }
    uplink.transition('advertisement');
    this.#setTimers(uplink, message, now);
    this.#adopt(uplink, offer, routes, now);
    return Drop.none;
  }

  /** Does what is due on an uplink. */
  handleTimeout(uplink: Uplink, now: number): void {
    if (uplink.isDue('expiry', now)) this.#expire(uplink, now);
    if (uplink.isDue('refresh', now)) this.doubt(uplink, now);
    if (uplink.isDue('solicit', now)) this.#unanswered(uplink, now);
    if (uplink.isDue('keepalive', now)) this.#keepAlive(uplink, now);
  }

  #solicit(uplink: Uplink, now: number): void {
    uplink.attempts++;
    uplink.setTimer('solicit', now + uplink.solicitationWait());
    uplink.lastSentAt = now;
    this.#output.send(uplink.endpoint, this.#solicitation, 0, this.#solicitation.length);
  }

  #unanswered(uplink: Uplink, now: number): void {
    uplink.transition('silence');
    const isReported = uplink.reportedUnreachable || uplink.temporary;
    if (uplink.attempts >= UNREACHABLE_AFTER_ATTEMPTS && !isReported) {
      uplink.reportedUnreachable = true;
      const { router, attempts } = uplink;
      this.#output.event({ type: 'router-unreachable', router, attempts });
    }
    this.#solicit(uplink, now);
  }

  #answered(uplink: Uplink, now: number): void {
    uplink.attempts = 0;
    uplink.lastAdvertisementAt = now;
    if (uplink.reportedUnreachable) {
      uplink.reportedUnreachable = false;
      this.#output.event({ type: 'router-reachable', router: uplink.router });
    }
  }

  #setTimers(uplink: Uplink, message: RouterAdvertisement, now: number): void {
    const prefix = offeredPrefix(message, this.#settings.discovery.prefixLength);
    const lifetime = prefix?.validLifetime ?? INFINITE_LIFETIME;
    const isInfinite = lifetime === INFINITE_LIFETIME;
    uplink.setTimer('solicit', NEVER);
    uplink.setTimer('refresh', now + REFRESH_INTERVAL);
    uplink.setTimer('expiry', isInfinite ? NEVER : now + lifetime * MILLISECONDS_PER_SECOND);
    this.#setKeepalive(uplink, now);
  }

  #adopt(uplink: Uplink, offer: Offer, routes: readonly string[], now: number): void {
    const previous = uplink.lease;
    const lease = this.#leaseOf(uplink, offer, routes);
    if (previous?.agreesWith(lease)) return;
    uplink.lease = lease;
    this.#output.event(
      previous === null
        ? { type: 'address-acquired', ...lease.description }
        : { type: 'address-changed', ...lease.description, previous: previous.description },
    );
    this.#listener.leaseAdopted(uplink, lease, previous, now);
  }

  #leaseOf(uplink: Uplink, offer: Offer, routes: readonly string[]): Lease {
    const { profile, lanip } = this.#settings;
    const { router, temporary } = uplink;
    const terms = {
      router,
      lanip,
      temporary,
      routes: temporary ? [] : routes,
      defaultRouter: true,
    };
    return new Lease(profile.layout, offer, terms);
  }

  #expire(uplink: Uplink, now: number): void {
    uplink.transition('expiry');
    uplink.clearTimers();
    this.#loseLease(uplink);
    uplink.attempts = 0;
    this.#solicit(uplink, now);
  }

  #loseLease(uplink: Uplink): void {
    const { lease } = uplink;
    if (lease === null) return;
    uplink.lease = null;
    this.#output.event({ type: 'address-lost', ...lease.description });
    this.#listener.leaseLost();
  }

  /** Whatever went to the router meanwhile kept the way open as well (draft-04 §7.1). */
  #keepAlive(uplink: Uplink, now: number): void {
    const { interval, ttl } = this.#settings.keepalive;
    const quietUntil = uplink.lastSentAt + interval * MILLISECONDS_PER_SECOND;
    if (quietUntil > now) {
      uplink.setTimer('keepalive', quietUntil);
      return;
    }
    uplink.lastSentAt = now;
    this.#setKeepalive(uplink, now);
    this.#output.send(uplink.endpoint, NOTHING, 0, 0, ttl);
  }

  #setKeepalive(uplink: Uplink, from: number): void {
    const { interval } = this.#settings.keepalive;
    uplink.setTimer(
      'keepalive',
      interval === 0 ? NEVER : from + interval * MILLISECONDS_PER_SECOND,
    );
  }
}

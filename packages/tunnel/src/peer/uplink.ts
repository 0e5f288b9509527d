import { type Endpoint, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import type { SubnetPrefix } from '../address/subnetPrefix.js';
import { ROUTER_RETRANS_TIMER, ROUTER_TRIAL, SOLICITATION_WAITS } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import type { AddressLease } from '../report/events.js';
import { DISTANT_FUTURE, DISTANT_PAST } from '../time.js';
import type { KeepalivePace } from './keepalivePace.js';
import type { Lease } from './lease.js';
import type { OfferedRoutes } from './offeredRoutes.js';
import { type UplinkInput, type UplinkState, uplinkTransitions } from './uplinkStates.js';

/** Timers of an uplink. */
export type UplinkTimer =
  /** Send the next solicitation. */
  | 'solicit'
  /** Send a keepalive, so that the NATs between us and the router keep their mapping. */
  | 'keepalive'
  /** Solicit, to see whether the lease still holds. */
  | 'refresh'
  /** The router, where there are others, has not sent anything although it was sent something. */
  | 'watch'
  /** The lifetime of the lease ends. */
  | 'expiry'
  /** The lifetime of a route ends, or that of the router as a default router. */
  | 'routes'
  /** Adopt the advertisement without nonce that nothing has contradicted. */
  | 'adoption';

/** What a router said in one advertisement. */
export interface Statement {
  /** The address that it offers; null where it only takes the present one back. */
  readonly offer: Offer | null;
  readonly routes: OfferedRoutes;
  /** The same for the same statement. */
  readonly text: string;
}

/** All of them; of those due at the same time, the first counts. */
const TIMERS: readonly UplinkTimer[] = [
  'expiry',
  'adoption',
  'solicit',
  'refresh',
  'watch',
  'routes',
  'keepalive',
];

/** One router of a peer, as users see it. Times are those given as `now`, in milliseconds. */
export interface UplinkSnapshot {
  readonly router: Endpoint;
  readonly state: UplinkState;
  /** The address that the router gave, or null. */
  readonly lease: AddressLease | null;
  /**
   * Whether the router answers: false from `router-unreachable` to `router-reachable`. Another address is
   * preferred then (RFC 6724 §5, rule 3).
   */
  readonly reachable: boolean;
  /** Solicitations sent since the router last answered. */
  readonly attempts: number;
  /** The time of the router's last advertisement; null for none. */
  readonly lastAdvertisementAt: number | null;
  /** Whether it was added only to avoid the trapezium path, and goes when it is not used. */
  readonly temporary: boolean;
  /** Keepalives to it at present: seconds between two (0 for none), and their IPv4 TTL. */
  readonly keepalive: { readonly interval: number; readonly ttl: number };
  /** The timer that is due next, and when; null for none. */
  readonly nextTimer: { readonly reason: UplinkTimer; readonly at: number } | null;
}

/** The state of one router of a peer: the solicitations to it, its lease, and when something is due. */
export class Uplink {
  readonly router: Endpoint;
  /** The same in numbers. */
  readonly endpoint: UdpEndpoint;
  /**
   * The /64 in which an address is wanted, where it is there only to avoid the trapezium path, and goes when
   * not used; null for a router that the user named.
   */
  wanted: SubnetPrefix | null;

  state: UplinkState = 'idle';
  lease: Lease | null = null;
  /** The routes of the router's last statement. */
  routes: OfferedRoutes | null = null;
  /** Solicitations since the last answer. */
  attempts = 0;
  /** The nonce of these solicitations; null where none is, or where it was answered. */
  nonce: Uint8Array | null = null;
  /** Whether the router ever repeated a nonce of ours. */
  repeatsNonces = false;
  /** An advertisement without nonce that will be adopted unless something contradicts it. */
  held: Statement | null = null;
  /** Whether advertisements without nonce contradicted each other since the last solicitation. */
  isContradicted = false;
  /** The time of the first solicitation since the last answer, in milliseconds. */
  solicitedAt = DISTANT_PAST;
  /** Whether users have been informed that the router does not answer. */
  reportedUnreachable = false;
  /** Until when the router has to answer before it counts as reachable again, and for how long it had to. */
  trialUntil = DISTANT_FUTURE;
  trialTime = ROUTER_TRIAL;
  /** Since when it is reachable after it was not, in milliseconds. */
  reachableSince = DISTANT_PAST;
  /** The time of the last packet from the router, in milliseconds. */
  lastReceivedAt = DISTANT_PAST;
  /** The time since when the router is expected to send something, where the timer `watch` runs. */
  watchedSince = DISTANT_PAST;
  /** The time of the last datagram to the router, in milliseconds. */
  lastSentAt = DISTANT_PAST;
  /** The time of the last packet of the local side that is a reason to keep it, if temporary, in milliseconds. */
  usedAt = DISTANT_PAST;
  /** The time of the router's last advertisement, in milliseconds; `-Infinity` for none. */
  lastAdvertisementAt = DISTANT_PAST;

  /** How often keepalives go to it. */
  readonly pace: KeepalivePace;

  readonly #due: Record<UplinkTimer, number> = {
    solicit: DISTANT_FUTURE,
    keepalive: DISTANT_FUTURE,
    refresh: DISTANT_FUTURE,
    watch: DISTANT_FUTURE,
    expiry: DISTANT_FUTURE,
    routes: DISTANT_FUTURE,
    adoption: DISTANT_FUTURE,
  };

  constructor(router: Endpoint, pace: KeepalivePace, wanted: SubnetPrefix | null = null) {
    this.router = router;
    this.pace = pace;
    this.wanted = wanted;
    this.endpoint = new UdpEndpoint(parseIPv4(router.address, 'routers'), router.port);
  }

  /** Whether it is there only to avoid the trapezium path. */
  get temporary(): boolean {
    return this.wanted !== null;
  }

  /** Whether the router was solicited without nonce as well, so that an answer may have none. */
  get expectsBareAnswer(): boolean {
    return this.attempts > 1 && !this.repeatsNonces;
  }

  /** Whether the router may bring a packet with these addresses; see {@link Lease.accepts}. */
  accepts(bytes: Uint8Array, source: number, destination: number): boolean {
    const { lease } = this;
    return lease?.accepts(bytes, source, destination) ?? false;
  }

  /** Moves along {@link uplinkTransitions}; false when the input means nothing in this state. */
  transition(input: UplinkInput): boolean {
    const next = uplinkTransitions[this.state][input];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** Sets a timer to `at` milliseconds; `Infinity` switches it off. */
  setTimer(timer: UplinkTimer, at: number): void {
    this.#due[timer] = at;
  }

  /** The time of a timer, in milliseconds; `Infinity` when it is off. */
  timer(timer: UplinkTimer): number {
    return this.#due[timer];
  }

  /** Whether this timer is due. */
  isDue(timer: UplinkTimer, now: number): boolean {
    return this.#due[timer] <= now;
  }

  /** Switches all timers off. */
  clearTimers(): void {
    for (const timer of TIMERS) this.#due[timer] = DISTANT_FUTURE;
  }

  /** Begins anew to wait for an answer to this nonce, or ends to wait. */
  renew(nonce: Uint8Array | null): void {
    this.attempts = 0;
    this.nonce = nonce;
    this.hold(null, DISTANT_FUTURE);
    this.isContradicted = false;
  }

  /** Keeps an advertisement without nonce until it may be adopted, or drops the one that is kept. */
  hold(statement: Statement | null, until: number): void {
    this.held = statement;
    this.#due.adoption = until;
  }

  /** The earliest timer, in milliseconds. */
  nextTimeout(): number {
    const { solicit, keepalive, refresh, watch, expiry, routes, adoption } = this.#due;
    return Math.min(solicit, keepalive, refresh, watch, expiry, routes, adoption);
  }

  /** The timer that {@link nextTimeout} is about, or null when none runs. */
  nextTimer(): UplinkTimer | null {
    const at = this.nextTimeout();
    if (at === DISTANT_FUTURE) return null;
    return TIMERS.find((timer) => this.#due[timer] === at) ?? null;
  }

  /**
   * The wait for an answer to the solicitation just sent, in milliseconds.
   *
   * @param quick - solicitations that are repeated sooner than others
   */
  solicitationWait(quick: number): number {
    if (this.attempts <= quick) return ROUTER_RETRANS_TIMER;
    const last = SOLICITATION_WAITS.length - 1;
    return SOLICITATION_WAITS[Math.min(Math.max(this.attempts - quick - 1, 0), last)]!;
  }

  /** As users see it. */
  snapshot(): UplinkSnapshot {
    const reason = this.nextTimer();
    return {
      router: this.router,
      state: this.state,
      lease: this.lease?.description ?? null,
      reachable: !this.reportedUnreachable,
      attempts: this.attempts,
      temporary: this.temporary,
      keepalive: this.pace.step,
      lastAdvertisementAt: Number.isFinite(this.lastAdvertisementAt)
        ? this.lastAdvertisementAt
        : null,
      nextTimer: reason === null ? null : { reason, at: this.nextTimeout() },
    };
  }
}

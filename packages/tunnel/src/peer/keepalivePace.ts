import type { UdpEndpoint } from '@6bed4/codec';
import { KEEPALIVE_EASED_AFTER, MAX_KEEPALIVE_EASED_AFTER, REFRESH_INTERVAL } from '../defaults.js';
import { DISTANT_FUTURE } from '../time.js';

/** A step of {@link KeepalivePace}: seconds between two keepalives, 0 for none, and their IPv4 TTL. */
export interface KeepaliveStep {
  readonly interval: number;
  readonly ttl: number;
}

const MILLISECONDS_PER_SECOND = 1000;

/**
 * How often keepalives go to one router, by what it reports: a peer that is seen at another UDP port,
 * though it did not move, lost its mapping to a NAT that forgets sooner. Then the next step counts.
 *
 * In a quiet time, solicitations take the place of some keepalives, so that each answer shows whether the
 * mapping lasted until then: of the first one, and after each that was so of the second, fourth and so on,
 * up to one in REFRESH_INTERVAL. A step that did last is left for the one before after an hour; since
 * a mapping that is lost changes our address, this wait doubles with every loss, up to a day.
 */
export class KeepalivePace {
  readonly #steps: readonly KeepaliveStep[];
  #index = 0;
  /** Keepalives since the last check, and how many make the next one due. */
  #quiet = 0;
  #checkEach = 1;
  /** Whether a check is not answered yet. */
  #isChecking = false;
  /** Whether we may be seen elsewhere for reasons of our own. */
  #hasMoved = false;
  #easesAt = DISTANT_FUTURE;
  #easesAfter = KEEPALIVE_EASED_AFTER / 2;

  /** @param steps - the first is that of the start; where there is only one, nothing adapts */
  constructor(steps: readonly KeepaliveStep[]) {
    this.#steps = steps;
  }

  get step(): KeepaliveStep {
    return this.#steps[this.#index]!;
  }

  /** Time between two keepalives in milliseconds; `Infinity` for none. */
  get interval(): number {
    const { interval } = this.step;
    return interval === 0 ? DISTANT_FUTURE : interval * MILLISECONDS_PER_SECOND;
  }

  /** Begins anew: another network has other NATs. */
  restart(): void {
    this.#index = 0;
    this.#easesAt = DISTANT_FUTURE;
    this.#easesAfter = KEEPALIVE_EASED_AFTER / 2;
    this.#hasMoved = true;
    this.#checkSoon();
  }

  /** Whether a solicitation takes the place of the keepalive that is due; counts it. */
  takesCheck(): boolean {
    if (this.#steps.length === 1) return false;
    this.#quiet++;
    if (this.#quiet < this.#checkEach) return false;
    this.#quiet = 0;
    this.#isChecking = true;
    return true;
  }

  /** The router answered: it sees us at `endpoint`, and at `previous` until now. */
  seenAt(endpoint: Readonly<UdpEndpoint>, previous: Readonly<UdpEndpoint>, now: number): void {
    const isHere = endpoint.addressBits === previous.addressBits;
    const isLost = isHere && endpoint.port !== previous.port && !this.#hasMoved;
    if (isLost) this.#lost(now);
    else if (this.#isChecking) this.#kept(now);
    this.#isChecking = false;
    this.#hasMoved = false;
  }

  #lost(now: number): void {
    if (this.#steps.length === 1) return;
    this.#index = Math.min(this.#index + 1, this.#steps.length - 1);
    this.#easesAfter = Math.min(2 * this.#easesAfter, MAX_KEEPALIVE_EASED_AFTER);
    this.#easesAt = now + this.#easesAfter;
    this.#checkSoon();
  }

  #kept(now: number): void {
    if (now < this.#easesAt) {
      const most = Math.floor(REFRESH_INTERVAL / this.interval);
      this.#checkEach = Math.min(2 * this.#checkEach, most);
      return;
    }
    this.#index--;
    this.#easesAt = this.#index === 0 ? DISTANT_FUTURE : now + this.#easesAfter;
    this.#checkSoon();
  }

  #checkSoon(): void {
    this.#quiet = 0;
    this.#checkEach = 1;
    this.#isChecking = false;
  }
}

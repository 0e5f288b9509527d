import { TEMPORARY_BLOCK, TRAPEZIUM_PACKETS, TRAPEZIUM_TIME } from '../defaults.js';
import { DISTANT_PAST } from '../time.js';

/** Routers that are watched at a time. */
const WATCHED = 8;

interface Detour {
  /** IPv4 address as int32. */
  readonly router: number;
  packets: number;
  since: number;
  lastAt: number;
  blockedUntil: number;
}

/**
 * Notices packets that take the trapezium: through our router to the remote's router to the remote
 * (draft-04 §5, draft-03 §7). With an address from the remote's own router, they would take one router
 * less (draft-03 §10.2).
 *
 * A few packets are no reason to ask a router that a stranger may have named: the local side has to keep
 * sending for a second, and a router that does not answer is left alone for ten minutes.
 */
export class Detours {
  #watched: Detour[] = [];

  /**
   * A packet took the long way to this router, its IPv4 address as int32.
   *
   * @returns whether that router should be asked for an address now
   */
  notice(router: number, now: number): boolean {
    let detour = this.#find(router);
    if (detour === null) {
      detour = { router, packets: 0, since: now, lastAt: now, blockedUntil: DISTANT_PAST };
      this.#watch(detour, now);
    }
    detour.packets++;
    detour.lastAt = now;
    return (
      detour.packets >= TRAPEZIUM_PACKETS &&
      now - detour.since >= TRAPEZIUM_TIME &&
      now >= detour.blockedUntil
    );
  }

  /** The router was asked, with or without success. */
  settle(router: number, answered: boolean, now: number): void {
    const detour = this.#find(router);
    if (detour === null) return;
    detour.packets = 0;
    detour.since = now;
    detour.blockedUntil = answered ? now : now + TEMPORARY_BLOCK;
  }

  #find(router: number): Detour | null {
    for (const detour of this.#watched) {
      if (detour.router === router) return detour;
    }
    return null;
  }

  #watch(detour: Detour, now: number): void {
    if (this.#watched.length >= WATCHED) {
      // The one that was quiet longest goes; one that is blocked stays until it may be asked again.
      const free = this.#watched.filter(({ blockedUntil }) => blockedUntil <= now);
      const pool = free.length > 0 ? free : this.#watched;
      const oldest = pool.reduce((left, right) => (right.lastAt < left.lastAt ? right : left));
      this.#watched = this.#watched.filter((one) => one !== oldest);
    }
    this.#watched.push(detour);
  }
}

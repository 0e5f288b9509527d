import { TEMPORARY_BLOCK, TRAPEZIUM_PACKETS, TRAPEZIUM_TIME } from '../defaults.js';

const NEVER = Number.NEGATIVE_INFINITY;
/** Routers that are watched at a time. */
const WATCHED = 8;

interface TrapeziumPath {
  /** IPv4 address of the remote's router as int32. */
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
 * A few packets are no reason to solicit a router that an unknown sender may have named: the local side has to
 * keep sending for a second, and a router that does not answer is left alone for ten minutes.
 */
export class TrapeziumMonitor {
  #watched: TrapeziumPath[] = [];

  /**
   * A packet went by way of this second router, its IPv4 address as int32.
   *
   * @returns whether that router should be solicited for an address now
   */
  notice(router: number, now: number): boolean {
    let path = this.#find(router);
    if (path === null) {
      path = { router, packets: 0, since: now, lastAt: now, blockedUntil: NEVER };
      this.#watch(path, now);
    }
    path.packets++;
    path.lastAt = now;
    return (
      path.packets >= TRAPEZIUM_PACKETS &&
      now - path.since >= TRAPEZIUM_TIME &&
      now >= path.blockedUntil
    );
  }

  /** The router was solicited, with or without success. */
  settle(router: number, answered: boolean, now: number): void {
    const path = this.#find(router);
    if (path === null) return;
    path.packets = 0;
    path.since = now;
    path.blockedUntil = answered ? now : now + TEMPORARY_BLOCK;
  }

  #find(router: number): TrapeziumPath | null {
    for (const path of this.#watched) {
      if (path.router === router) return path;
    }
    return null;
  }

  #watch(path: TrapeziumPath, now: number): void {
    if (this.#watched.length >= WATCHED) {
      // The one that was quiet longest goes; one that is blocked stays until it may be solicited again.
      const free = this.#watched.filter(({ blockedUntil }) => blockedUntil <= now);
      const pool = free.length > 0 ? free : this.#watched;
      const oldest = pool.reduce((left, right) => (right.lastAt < left.lastAt ? right : left));
      this.#watched = this.#watched.filter((one) => one !== oldest);
    }
    this.#watched.push(path);
  }
}

/** What this implementation chose where the drafts leave the choice; times in milliseconds. */

/** Waits between Router Solicitations, as deployed peers do it; the last one repeats (draft-03 §10.2). */
export const SOLICITATION_WAITS: readonly number[] = [1_000, 3_000, 7_000, 15_000, 30_000];

/** Unanswered solicitations after which users are told that a router does not answer. */
export const UNREACHABLE_AFTER_ATTEMPTS = 4;

/** Keepalive period in seconds and IPv4 TTL (draft-03 §5, §10.2; as deployed peers). */
export const KEEPALIVE = { interval: 30, ttl: 3 } as const;

/**
 * How long an address is used before its router is asked again. Keepalives do not reach the router,
 * so this is what notices that a NAT gave this peer another endpoint while it was only listening.
 */
export const REFRESH_INTERVAL = 120_000;

/** Uplinks that one peer keeps at most. */
export const MAX_UPLINKS = 16;

/** Routes that are taken from one Router Advertisement at most. */
export const MAX_ROUTES = 32;

/** Rates of what a stranger can make us send, per IPv4 address: answers a second, and burst. */
export const ADVERTISEMENT_RATE = { perSecond: 50, burst: 100 } as const;
export const CORRECTION_RATE = { perSecond: 1, burst: 5 } as const;
export const ICMP_ERROR_RATE = { perSecond: 10, burst: 20 } as const;
export const RESOLICITATION_RATE = { perSecond: 0.2, burst: 2 } as const;

/** Buckets of one rate limiter; senders that share a bucket share its rate. */
export const RATE_LIMITER_BUCKETS = 1024;

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
/** Of a peer, which fewer strangers talk to, and of which there may be many in one program. */
export const PEER_LIMITER_BUCKETS = 128;

/** Remotes that a peer keeps apart at most, unless told otherwise. */
export const MAX_REMOTES = 256;

/** A remote that was silent for so long is forgotten. */
export const REMOTE_IDLE = 300_000;

/** Questions in a row to a remote, and the time between them (draft-03 §8.2 leaves both open). */
export const ATTEMPTS = 3;
export const RETRANSMISSION = 500;

/** How late an answer may come after the last question. */
export const ATTEMPT_WINDOW = 3_000;

/** A row in vain is repeated by a later packet, after a wait that doubles each time. */
export const RETRY_FIRST = 2_000;
export const RETRY_LONGEST = 60_000;

/** How often a hint from outside can make us ask one remote. */
export const HINT_INTERVAL = 250;

/** Rows of questions, to all remotes together. */
export const ATTEMPT_RATE = { perSecond: 100, burst: 200 } as const;

/** A proof older than this is renewed by the next packet. */
export const REFRESH_AFTER = 5_000;

/** A proof older than this is none: shorter than the 30 s for which NATs keep silent mappings. */
export const PROOF_LIFETIME = 25_000;

/** How often a remote behind our own NAT is searched on the local network. */
export const LAN_SEARCH_INTERVAL = 60_000;

/** IPv4 TTL of that search: the local network and no further (draft-01 §6.11). */
export const LAN_TTL = 1;

/** How long NATs and firewalls keep a silent UDP flow, unless users know better (draft-04 §7.3). */
export const HOLE_TIME = 30_000;

/** How long a remote that does not see us may be silent before its state is dropped (draft-04 §7.5). */
export const FAIL_IDLE = 30_000;

/** How often direct traffic from a remote that we cannot reach directly makes us probe it. */
export const ANSWER_PROBE_INTERVAL = 5_000;

/** How often a remote's correction of our address makes us ask it (draft-04 §7.7). */
export const BINDING_INTERVAL = 10_000;

/** How often a remote is told to send directly as we do (draft-01 §6.13). */
export const REDIRECT_INTERVAL = 10_000;

/** How long the answer to a packet that was played may take (draft-03 §8.1). */
export const PLAY_LIFETIME = 3_000;

/** Packets that take the trapezium path, and their time, before its second router is solicited too. */
export const TRAPEZIUM_PACKETS = 4;
export const TRAPEZIUM_TIME = 1_000;

/** Routers of remotes that a peer asks for an address at the same time, besides its own. */
export const MAX_TEMPORARY_UPLINKS = 4;

/** Solicitations that such a router may leave unanswered, and how long it is left alone then. */
export const TEMPORARY_ATTEMPTS = 3;
export const TEMPORARY_BLOCK = 600_000;

/** An address from such a router is given up when it was not used for so long. */
export const TEMPORARY_IDLE = 120_000;

/**
 * A conversation that falls silent for so long may have lost its way: a NAT on our side can have
 * forgotten us, and then nobody can tell us so. The routers are asked once, but not twice within the
 * second time: then when that is over. Looked for once in every interval while anybody speaks to us.
 */
export const SILENCE = 3_000;
export const SILENCE_REPEAT = 10_000;
export const WATCH_INTERVAL = 1_000;

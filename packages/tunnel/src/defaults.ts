/**
 * Constants that this implementation chose where the drafts leave the choice; times in milliseconds.
 * Those with a name of RFC 4861 §10 mean the same here, but have values for a path through NATs.
 */

/** Waits between Router Solicitations, as deployed peers do it; the last one repeats (draft-03 §10.2). */
export const SOLICITATION_WAITS: readonly number[] = [1_000, 3_000, 7_000, 15_000, 30_000];

/**
 * Bytes to which the first Router Solicitation with a nonce is padded: room for an answer with five routes.
 * The second has twice as many, and so on up to 1280.
 */
export const PADDED_SOLICITATION = 256;

/**
 * Time for which a Router Advertisement without nonce is kept before it is adopted: if the router's own
 * comes within it, one that was forged contradicts it.
 */
export const ADVERTISEMENT_HOLD = 500;

/** Unanswered solicitations after which a router is reported as silent. */
export const UNREACHABLE_AFTER_ATTEMPTS = 4;

/**
 * With several routers, one that was sent to, and from which nothing came for so long before, has so long to
 * send something; otherwise it is solicited, though not sooner than the interval after its last answer.
 */
export const ROUTER_QUIET = 500;
export const ROUTER_REPLY_TIME = 750;
export const ROUTER_QUESTION_INTERVAL = 2_000;

/**
 * With several routers: time between the first solicitations of one that has given an address, and how many
 * it may leave unanswered while another answers (MAX_UNICAST_SOLICIT of RFC 4861 §10).
 */
export const ROUTER_RETRANS_TIMER = 750;
export const ROUTER_QUESTIONS = 3;

/** With several routers, {@link REFRESH_INTERVAL}: notices within half a minute that one is silent. */
export const SHARED_REFRESH_INTERVAL = 25_000;

/**
 * Time for which a router that was unreachable has to answer before it is used as before. It doubles when the
 * router failed again within the second of these times, up to the third.
 */
export const ROUTER_TRIAL = 5_000;
export const ROUTER_STABLE = 600_000;
export const LONGEST_ROUTER_TRIAL = 320_000;

/**
 * Keepalives: their interval in seconds and IPv4 TTL, the next ones for each mapping that a NAT lost. Shorter
 * than the 30 s of draft-03 §5, since many NATs forget after exactly these; the first steps end on the way to
 * the router (draft-03 §10.2), and the last one is for NATs that are further away.
 */
export const KEEPALIVE_STEPS: readonly { readonly interval: number; readonly ttl: number }[] = [
  { interval: 25, ttl: 3 },
  { interval: 15, ttl: 3 },
  { interval: 9, ttl: 3 },
  { interval: 9, ttl: 0 },
];

/** Time without a loss after which keepalives go back one step; it doubles with each loss, up to the second. */
export const KEEPALIVE_EASED_AFTER = 3_600_000;
export const MAX_KEEPALIVE_EASED_AFTER = 86_400_000;

/**
 * Time for which an address is used before its router is solicited again. Keepalives do not reach it,
 * so this is what notices that a NAT gave this peer another endpoint while it was only listening. In a
 * quiet time, solicitations take the place of keepalives earlier than that; see `KeepalivePace`.
 */
export const REFRESH_INTERVAL = 120_000;

/** Uplinks that one peer keeps at most. */
export const MAX_UPLINKS = 16;

/** Routes that are taken from one Router Advertisement at most. */
export const MAX_ROUTES = 32;

/** Rules of masquerading at most: each packet is compared with all. */
export const MAX_MASQUERADE_RULES = 64;

/**
 * Fragmented packets whose mapping is kept at the same time, a power of two, and for how long: later fragments
 * follow the first at once.
 */
export const FRAGMENTED_PACKETS = 256;
export const FRAGMENT_LIFETIME = 5_000;

/** Rates of what an unknown sender can make us send, per IPv4 address: answers a second, and burst. */
export const ADVERTISEMENT_RATE = { perSecond: 50, burst: 100 } as const;
export const CORRECTION_RATE = { perSecond: 1, burst: 5 } as const;
export const ICMP_ERROR_RATE = { perSecond: 10, burst: 20 } as const;
export const RESOLICITATION_RATE = { perSecond: 0.2, burst: 2 } as const;

/**
 * Router Advertisements to one IPv4 address that may be larger than the solicitations from there, a second
 * and at once: deployed peers solicit with 48 bytes, and some only once.
 */
export const FREE_ADVERTISEMENT_RATE = { perSecond: 0.1, burst: 2 } as const;

/** Bytes that one endpoint can save up for answers to it: the largest answer. */
export const ANSWER_BUDGET_LIMIT = 1308;

/** Buckets of one rate limiter; senders that share a bucket share its rate. */
export const RATE_LIMITER_BUCKETS = 1024;
/** Of a peer, which fewer unknown senders address, and of which there may be many in one program. */
export const PEER_LIMITER_BUCKETS = 128;

/** Remotes that a peer keeps apart at most, unless options say otherwise. */
export const MAX_REMOTES = 16_384;

/** The share of them that inbound remotes may take, as its inverse. */
export const INBOUND_SHARE = 4;
/** Inbound remotes at one IPv4 address, at most. */
export const MOST_INBOUND_AT_ADDRESS = 16;

/** Time within which a packet of the local side may be a reply to one of a remote. */
export const REPLY_TIME = 30_000;

/** A remote from and to which nothing went for so long is removed. */
export const REMOTE_IDLE = 300_000;

/**
 * Solicitations in one round, as RFC 4861 §10 has it. The first opens our own NAT, and the remote's own
 * solicitation may arrive only after it (draft-03 §8.2 leaves the number open).
 */
export const MAX_UNICAST_SOLICIT = 3;

/**
 * IPv4 TTL of a datagram that opens our own NAT and is to arrive nowhere: it passes one NAT. Had it more,
 * it could reach the NAT of a remote close by, and some then map that remote to another port.
 */
export const OPENING_TTL = 2;

/** Time for which a remote that was heard counts as one that sends to us, so that its NAT is open. */
export const HEARD_TIME = 3_000;

/** Between the solicitations of a round: most round trips are shorter than half of RFC 4861's second. */
export const RETRANS_TIMER = 500;

/** A packet sent on a confirmation older than this makes us solicit again; 30 s in RFC 4861 §10. */
export const REACHABLE_TIME = 5_000;

/**
 * The same while nothing comes directly from the remote: then nothing but an answer shows that our own
 * packets are lost. Also the time for which direct packets of the remote count as coming.
 */
export const ONE_WAY_REACHABLE_TIME = 1_250;

/** Interval at which a path on which packets come is looked at for such silence. */
export const ONE_WAY_CHECK_INTERVAL = 100;

/**
 * Between a packet on a stale confirmation and the first solicitation: none, since no upper layer
 * reports progress to us. RFC 4861 §10 has 5 s; one millisecond is the shortest there is.
 */
export const DELAY_FIRST_PROBE_TIME = 1;

/** A confirmation older than this is none: shorter than the 30 s for which NATs keep idle mappings. */
export const CONFIRMATION_LIFETIME = 25_000;

/** Upper bound of the time from the last solicitation to an advertisement that answers it. */
export const ANSWER_WINDOW = 3_000;

/**
 * Time for which advertisements without a nonce do not count, after one that answered nothing: deployed
 * peers that know no nonces send none unasked, so somebody forges them.
 */
export const FORGERY_WAIT = 60_000;

/** A round in vain is repeated by a later packet, after a wait that doubles each time. */
export const FIRST_RETRY_WAIT = 2_000;
export const MAX_RETRY_WAIT = 60_000;

/** Shortest interval at which reachability hints from outside make us solicit one remote. */
export const HINT_INTERVAL = 250;

/**
 * Rounds of solicitations, a second and at once: to all remotes with which the local side began; to renew
 * confirmations, which suffices for {@link MAX_REMOTES}; and for others and hints, per IPv4 address.
 */
export const ROUND_RATE = { perSecond: 500, burst: 1_000 } as const;
export const RENEWAL_RATE = { perSecond: 1_000, burst: 2_000 } as const;
export const INBOUND_ROUND_RATE = { perSecond: 10, burst: 20 } as const;

/** Shortest interval between searches for a remote behind our own NAT on the local network. */
export const LAN_SEARCH_INTERVAL = 60_000;

/** Private endpoints, of different IPv4 addresses, at which one remote is looked for at the same time. */
export const MAX_LAN_TRIALS = 4;

/** IPv4 TTL of that search: the local network and no further (draft-01 §6.11). */
export const LAN_TTL = 1;

/**
 * Time for which NATs and firewalls keep an idle UDP mapping, unless options say otherwise (draft-04 §7.3);
 * RFC 4787 §4.3 calls it the mapping timeout, and demands more.
 */
export const MAPPING_TIMEOUT = 30_000;

/** A remote that does not see us and is sent nothing for so long loses its state (draft-04 §7.5). */
export const FAIL_IDLE = 30_000;

/** Shortest interval at which direct traffic makes us probe a remote that we cannot reach directly. */
export const ANSWER_PROBE_INTERVAL = 5_000;

/** Shortest interval at which a remote's corrections of our address make us solicit it (draft-04 §7.7). */
export const BINDING_INTERVAL = 10_000;

/** Shortest interval between redirects of a remote to the direct path that we use (draft-01 §6.13). */
export const REDIRECT_INTERVAL = 10_000;

/** Upper bound of the time to the reply to an opportunistically sent packet (draft-03 §8.1). */
export const OPPORTUNISTIC_REPLY_WINDOW = 3_000;

/** Packets that take the trapezium path, and their time, before its second router is solicited too. */
export const TRAPEZIUM_PACKETS = 4;
export const TRAPEZIUM_TIME = 1_000;

/** Routers of remotes that a peer solicits for an address at the same time, besides its own. */
export const MAX_TEMPORARY_UPLINKS = 4;

/** Solicitations that such a router may leave unanswered, and how long it is left alone then. */
export const TEMPORARY_ATTEMPTS = 3;
export const TEMPORARY_BLOCK = 600_000;

/** An address from such a router is given up when it was not used for so long. */
export const TEMPORARY_IDLE = 120_000;

/**
 * Time without a packet from a remote that was sending after which it and the routers are sent something:
 * a NAT on our side may have dropped our mappings, and no message says so. Longer than the second that many
 * programs wait between two packets.
 */
export const SILENCE = 1_250;

/** Solicitations of the routers for that, a second and at once; in between, they are sent keepalives. */
export const SILENCE_RATE = { perSecond: 0.1, burst: 3 } as const;

/** Interval at which remotes are checked for silence while any of them sends. */
export const SILENCE_WATCH_INTERVAL = 250;

/**
 * Constants that the drafts and RFCs prescribe. Those that this implementation chose stand in
 * `defaults.ts`.
 */

/** Largest IPv6 packet on the tunnel, in bytes (draft-01 §5.10, §6.15; RFC 8200 §5). */
export const TUNNEL_MTU = 1280;

/** Hop limit below which a packet is not forwarded (RFC 8200 §3: discard when it reaches zero). */
export const LEAST_FORWARDED_HOP_LIMIT = 2;

/** First nibble of a frame that holds IPv6 (draft-03 §2). */
export const IPV6_NIBBLE = 6;

/** First nibbles of a frame that holds RoHC (draft-03 §2, §9). */
export const ROHC_LOWEST_NIBBLE = 14;

/** A lifetime that never ends, in seconds (RFC 4861 §4.6.2). */
export const INFINITE_LIFETIME = 0xffff_ffff;

/** Length in bits of the subnet prefix that a router serves (draft-04 §3.3). */
export const SUBNET_PREFIX_LENGTH = 64;

/** Offset of the router's IPv4 address in a 6bed4-prefixed address, 4 bytes (draft-03 §3). */
export const ROUTER_IN_PREFIX = 4;

/** Low bits that a /114 leaves to the holder; 0 names the router (draft-03 §3, draft-04 §3.1). */
export const ROUTER_LANIP = 0;

/**
 * The part of a traffic class that is copied to the outer packet: DS field without ECN (RFC 2474, draft-01 §5.2, §6.3).
 */
export const DS_FIELD_MASK = 0xfc;

/** 224.0.0.1, all hosts on the local network, as uint32 (draft-01 §6.2). */
export const ALL_HOSTS_IPV4 = 0xe000_0001;

/** The shortest mapping timeout that the Seen flag can work with, in milliseconds (draft-04 §7.5). */
export const MIN_MAPPING_TIMEOUT = 28_000;

/** Time for which a Seen flag lets its receiver send directly, in milliseconds (draft-04 §7.3). */
export const SEEN_LIFETIME = 27_000;

/** Bytes that IPv4 and UDP headers add to a payload; an empty datagram is nothing else. */
export const OUTER_HEADERS = 28;

/** A Neighbor Discovery option for experiments, which receivers skip (RFC 4727, RFC 4861 §4.6). */
export const PADDING_OPTION = 253;

/** IPv6 header length in bytes (RFC 8200 §3). */
export const IPV6_HEADER_LENGTH = 40;
/** Where an IPv6 header has its payload length, 2 bytes (RFC 8200 §3). */
export const PAYLOAD_LENGTH_OFFSET = 4;
/** Where an IPv6 header has its next header field, 1 byte (RFC 8200 §3). */
export const NEXT_HEADER_OFFSET = 6;
/** Where an IPv6 header has its hop limit, 1 byte (RFC 8200 §3). */
export const HOP_LIMIT_OFFSET = 7;
/** Where an IPv6 header has its source address, 16 bytes (RFC 8200 §3). */
export const SOURCE_OFFSET = 8;
/** Where an IPv6 header has its destination address, 16 bytes (RFC 8200 §3). */
export const DESTINATION_OFFSET = 24;
/** Hop limit of packets whose sender has no reason for another (RFC 1700, "IP Time to Live"). */
export const DEFAULT_HOP_LIMIT = 64;
/** Smallest MTU of an IPv6 link, in bytes (RFC 8200 §5). */
export const MINIMUM_MTU = 1280;

/** Next header value of hop-by-hop options (RFC 8200 §4.3). */
export const NEXT_HEADER_HOP_BY_HOP = 0;
/** Next header value of TCP (RFC 9293 §3.1). */
export const NEXT_HEADER_TCP = 6;
/** Next header value of UDP (RFC 768). */
export const NEXT_HEADER_UDP = 17;
/** Next header value of DCCP (RFC 4340 §5.1). */
export const NEXT_HEADER_DCCP = 33;
/** Next header value of a routing header (RFC 8200 §4.4). */
export const NEXT_HEADER_ROUTING = 43;
/** Next header value of a fragment header (RFC 8200 §4.5). */
export const NEXT_HEADER_FRAGMENT = 44;
/** Next header value of an authentication header (RFC 4302 §2). */
export const NEXT_HEADER_AUTHENTICATION = 51;
/** Next header value of ICMPv6 (RFC 4443 §1). */
export const NEXT_HEADER_ICMPV6 = 58;
/** Next header value that says nothing follows (RFC 8200 §4.7). */
export const NEXT_HEADER_NONE = 59;
/** Next header value of destination options (RFC 8200 §4.6). */
export const NEXT_HEADER_DESTINATION_OPTIONS = 60;
/** Next header value of SCTP (RFC 9260 §3). */
export const NEXT_HEADER_SCTP = 132;
/** Next header value of UDP-Lite (RFC 3828 §3.1). */
export const NEXT_HEADER_UDP_LITE = 136;

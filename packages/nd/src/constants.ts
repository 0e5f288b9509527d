/** IPv6 header length in bytes (RFC 8200 §3). */
export const IPV6_HEADER_LENGTH = 40;
/** Where an IPv6 header has its payload length, 2 bytes (RFC 8200 §3). */
export const PAYLOAD_LENGTH_OFFSET = 4;
/** Where an IPv6 header has its next header field. */
export const NEXT_HEADER_OFFSET = 6;
/** Where an IPv6 header has its hop limit. */
export const HOP_LIMIT_OFFSET = 7;
/** Where an IPv6 header has its source address. */
export const SOURCE_OFFSET = 8;
/** Where an IPv6 header has its destination address. */
export const DESTINATION_OFFSET = 24;
/** Smallest MTU of an IPv6 link, in bytes (RFC 8200 §5). */
export const MINIMUM_MTU = 1280;

/** Next header values (IANA protocol numbers). */
export const NEXT_HEADER_HOP_BY_HOP = 0;
export const NEXT_HEADER_TCP = 6;
export const NEXT_HEADER_UDP = 17;
export const NEXT_HEADER_ROUTING = 43;
export const NEXT_HEADER_FRAGMENT = 44;
export const NEXT_HEADER_ICMPV6 = 58;
export const NEXT_HEADER_NONE = 59;
export const NEXT_HEADER_DESTINATION_OPTIONS = 60;

/** ICMPv6 types: errors (RFC 4443 §3). */
export const ICMPV6_DESTINATION_UNREACHABLE = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_PARAMETER_PROBLEM = 4;
/** The first ICMPv6 type that is not an error (RFC 4443 §2.1). */
export const ICMPV6_FIRST_INFORMATIONAL = 128;
/** ICMPv6 types: echo (RFC 4443 §4). */
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
/** ICMPv6 types: Neighbor Discovery (RFC 4861 §4). */
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
export const ICMPV6_NEIGHBOR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOR_ADVERTISEMENT = 136;
export const ICMPV6_REDIRECT = 137;

/** Where an ICMPv6 message has its checksum, from its own start (RFC 4443 §2.1). */
export const ICMPV6_CHECKSUM_OFFSET = 2;
/** The hop limit that proves a message was sent on this link (RFC 4861 §3.1). */
export const ND_HOP_LIMIT = 255;

/** ICMPv6 type of Destination Unreachable (RFC 4443 §3.1). */
export const ICMPV6_DESTINATION_UNREACHABLE = 1;
/** ICMPv6 type of Packet Too Big (RFC 4443 §3.2). */
export const ICMPV6_PACKET_TOO_BIG = 2;
/** ICMPv6 type of Time Exceeded (RFC 4443 §3.3). */
export const ICMPV6_TIME_EXCEEDED = 3;
/** ICMPv6 type of Parameter Problem (RFC 4443 §3.4). */
export const ICMPV6_PARAMETER_PROBLEM = 4;
/** The first ICMPv6 type that is not an error (RFC 4443 §2.1). */
export const ICMPV6_FIRST_INFORMATIONAL = 128;
/** ICMPv6 type of Echo Request (RFC 4443 §4.1). */
export const ICMPV6_ECHO_REQUEST = 128;
/** ICMPv6 type of Echo Reply (RFC 4443 §4.2). */
export const ICMPV6_ECHO_REPLY = 129;
/** ICMPv6 type of Router Solicitation (RFC 4861 §4.1). */
export const ICMPV6_ROUTER_SOLICITATION = 133;
/** ICMPv6 type of Router Advertisement (RFC 4861 §4.2). */
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
/** ICMPv6 type of Neighbor Solicitation (RFC 4861 §4.3). */
export const ICMPV6_NEIGHBOR_SOLICITATION = 135;
/** ICMPv6 type of Neighbor Advertisement (RFC 4861 §4.4). */
export const ICMPV6_NEIGHBOR_ADVERTISEMENT = 136;
/** ICMPv6 type of Redirect (RFC 4861 §4.5). */
export const ICMPV6_REDIRECT = 137;

/** Destination Unreachable: no route to destination (RFC 4443 §3.1). */
export const UNREACHABLE_NO_ROUTE = 0;
/** Destination Unreachable: administratively prohibited (RFC 4443 §3.1). */
export const UNREACHABLE_PROHIBITED = 1;
/** Destination Unreachable: beyond the scope of the source address (RFC 4443 §3.1). */
export const UNREACHABLE_BEYOND_SCOPE = 2;
/** Destination Unreachable: address unreachable (RFC 4443 §3.1). */
export const UNREACHABLE_ADDRESS = 3;
/** Destination Unreachable: port unreachable (RFC 4443 §3.1). */
export const UNREACHABLE_PORT = 4;
/** Destination Unreachable: source address failed a policy (RFC 4443 §3.1). */
export const UNREACHABLE_SOURCE_POLICY = 5;
/** Destination Unreachable: the route to the destination rejects (RFC 4443 §3.1). */
export const UNREACHABLE_ROUTE_REJECTS = 6;
/** Time Exceeded: hop limit exceeded in transit (RFC 4443 §3.3). */
export const EXCEEDED_HOP_LIMIT = 0;
/** Time Exceeded: fragments did not arrive in time (RFC 4443 §3.3). */
export const EXCEEDED_REASSEMBLY_TIME = 1;
/** Parameter Problem: erroneous header field (RFC 4443 §3.4). */
export const PROBLEM_HEADER_FIELD = 0;
/** Parameter Problem: unrecognized next header (RFC 4443 §3.4). */
export const PROBLEM_NEXT_HEADER = 1;
/** Parameter Problem: unrecognized IPv6 option (RFC 4443 §3.4). */
export const PROBLEM_OPTION = 2;

/** Where an ICMPv6 message has its checksum, from its own start, 2 bytes (RFC 4443 §2.1). */
export const ICMPV6_CHECKSUM_OFFSET = 2;
/** The hop limit that only messages from the same link can have (RFC 4861 §3.1). */
export const ND_HOP_LIMIT = 255;

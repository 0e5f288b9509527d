/**
 * The IPv4 options of a datagram that is to open the NAT in front of us and to arrive nowhere: a timestamp
 * option without room for a timestamp, in which each computer on the way counts itself instead, up to 15;
 * then the datagram is in error and discarded (RFC 791 §3.1, RFC 1122 §3.2.1.8). Our own NAT is the
 * fifteenth. A TTL does not do that, for a computer takes what is for itself whatever the TTL is.
 */
export const OPENING_OPTIONS: Uint8Array = Uint8Array.of(68, 4, 5, 14 << 4);

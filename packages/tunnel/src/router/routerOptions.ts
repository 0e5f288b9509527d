import type { Profile } from '@6bed4/codec';

/** Options of a `Router`. */
export interface RouterOptions {
  /** Own public IPv4 address; part of every address that is handed out. */
  readonly address: string;
  /** Own UDP port; default: the profile's well-known port, which other routers rely on. */
  readonly port?: number | undefined;
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile | undefined;
  /** Prefix to serve, completed to /64 (draft-04 §3.3); default: the profile's. */
  readonly prefix?: string | undefined;
  /** Network identifier for prefixes with room for it, 0..65535; default: the profile's. */
  readonly netid?: number | undefined;
  /** Prefixes that are offered to peers as routes, at most 32. */
  readonly routes?: readonly string[] | undefined;
  /**
   * Prefixes that peers may reach on the IPv6 side besides `routes`; default: `2000::/3`, and none in draft04
   * (draft-04 §5.1). Unique local and site-local addresses are reached only through a prefix of /7 or longer
   * that names them, and IPv4 addresses inside NAT64 and 6to4 ones only where that IPv4 address could be a
   * peer's.
   */
  readonly forwardTo?: readonly string[] | undefined;
  /** Whether there is something behind this router that takes IPv6 packets; default true. */
  readonly ipv6Side?: boolean | undefined;
  /**
   * Rules of masquerading, 64 at most: which ports of the router's address, as its peers have it (lanip 0 of their
   * own prefix), are those of a host on the IPv6 side, such as `tcp:22=[2001:db8::5]:2222`, `udp:5000-5010` for the
   * computer of the router itself, or `icmp=2001:db8::5` for ICMPv6 but Neighbor Discovery. Of several for a
   * port, the first counts. Hosts answer from the router's address; under their own, peers do not reach
   * these ports any more.
   */
  readonly masquerade?: readonly string[] | undefined;
  /**
   * Relay to and from private IPv4 space; default: only when `address` itself is private. Solicitations from
   * there are answered in any case (draft-03 §10.1), packets with an ICMPv6 error.
   */
  readonly allowPrivate?: boolean | undefined;
  /** Relay to and from 127.0.0.0/8; default: only when `address` itself is loopback. */
  readonly allowLoopback?: boolean | undefined;
  /** Random numbers in [0, 1), for seeds of hash tables. */
  readonly random: () => number;
}

import type { AddressLayout } from '../layouts/layout.js';

/** The name of a dialect, as users give it and as it travels between threads. */
export type DialectName = 'draft00' | 'draft01' | 'draft03' | 'draft04';

/**
 * The name of a way to find direct paths: `via-router` finds none; `neighbor-discovery` solicits
 * remotes and waits for their advertisements (draft-03 §8); `probe-and-seen` sends empty datagrams
 * and flags in packets that take the router (draft-04 §7).
 */
export type PeeringName = 'via-router' | 'neighbor-discovery' | 'probe-and-seen';

/**
 * A generation of the protocol on the wire: all that differs between it and the others. Code that
 * must differ reads a property of this descriptor and never compares names.
 */
export interface Dialect {
  readonly name: DialectName;
  /** The form of endpoints in addresses. */
  readonly layout: AddressLayout;
  /**
   * The place of the peer's endpoint in a Router Advertisement: in the `prefix` that it offers, or in
   * the interface `identifier` of its own IPv6 destination.
   */
  readonly endpointIn: 'prefix' | 'identifier';
  /** Whether a corrective advertisement retracts the false prefix (draft-03 §6). */
  readonly retracts: boolean;
  /** The way to find direct paths, unless a user chooses another. */
  readonly peering: PeeringName;
  /**
   * Whether peers send Redirects, and follow those of draft-01 §6.13, whose target and destination
   * are the other way round than in RFC 4861 §4.5.
   */
  readonly redirects: boolean;
  /**
   * Whether an address whose router and peer are one invites direct traffic (draft-03 §3.1, §8.4).
   */
  readonly invitations: boolean;
  /**
   * Whether a peer solicits an address from the router of a remote too, to avoid the trapezium path
   * through two routers (draft-04 §5.1).
   */
  readonly avoidsTrapezium: boolean;
  /**
   * Whether remotes behind the same NAT are searched on the local network (draft-01 §6.11) unless a user
   * decides otherwise.
   */
  readonly searchesLan: boolean;
  /**
   * The meaning of the traffic class: `opaque` bits of its sender; `no-seen`, the same but without the
   * Seen flag between peers, which those of draft-04 under the same prefixes would take for theirs; or
   * `peering` policy and Seen flag (draft-04 §6).
   */
  readonly trafficClass: 'opaque' | 'no-seen' | 'peering';
  /** Whether a frame shorter than an IPv6 header is a probe (draft-04 §4.2). */
  readonly shortFramesProbe: boolean;
  /** Whether frames may have compressed headers, RoHC (draft-03 §9). */
  readonly headerCompression: boolean;
  /**
   * Whether peers send directly from link-local addresses and are solicited at them (draft-01 §6.1, §6.9).
   */
  readonly linkLocalPeers: boolean;
  /**
   * Whether a source under a foreign prefix is corrected too (draft-03 §10.1, §10.2), and not only one
   * with a false lower half (draft-01 §5.2, draft-04 §3.2).
   */
  readonly correctsPrefix: boolean;
  /**
   * Whether a router relays to its peers what comes directly from peers of other routers (draft-03 §6), or
   * only what those routers relay (draft-04 §5.1).
   */
  readonly acceptsForeignPrefix: boolean;
  /** Whether source and destination of trapezium traffic must be 6bed4-prefixed (draft-04 §4.2, §5.1). */
  readonly trapeziumNeeds6bed4: boolean;
  /** Whether a peer offers the /64 of its router to peers that solicit it (draft-04 §3.2, §3.3). */
  readonly offersForeignPrefix: boolean;
  /**
   * Whether a router takes from its IPv6 side only what is for its own /64 (draft-04 §5.1), or all that is
   * for 6bed4-prefixed addresses (draft-03 §10.1).
   */
  readonly returnsToOwnSubnetOnly: boolean;
}

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
}

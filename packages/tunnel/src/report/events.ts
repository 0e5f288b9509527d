import type { Endpoint } from '@6bed4/codec';
import type { PathConfirmation, PathKind } from './path.js';

/** An address that a router gave to this peer, and what came with it. */
export interface AddressLease {
  /** The router that gave it. */
  readonly router: Endpoint;
  /** The peer's IPv6 address in RFC 5952 form. */
  readonly address: string;
  /** The prefix that the peer may hand out, as `address/length`: /114, /112 or (draft01) /64. */
  readonly prefix: string;
  /** The peer's endpoint as the router sees it. */
  readonly publicEndpoint: Endpoint;
  /**
   * Whether it is there only to avoid the trapezium path (draft-03 §4): nothing but packets between this
   * address and others in the same /64 passes this router, and it offers no routes.
   */
  readonly temporary: boolean;
  /** Prefixes that the router offers to route, as `address/length`. */
  readonly routes: readonly string[];
  /** Whether the router offers to be a default router (RFC 4861 §6.3.4). */
  readonly defaultRouter: boolean;
}

/** The peer got its first address from a router. */
export interface AddressAcquired extends AddressLease {
  readonly type: 'address-acquired';
}

/** The router gave another address or other routes; `previous` is valid no more. */
export interface AddressChanged extends AddressLease {
  readonly type: 'address-changed';
  readonly previous: AddressLease;
}

/** An address is given up, because its uplink was removed or the peer stopped. */
export interface AddressLost extends AddressLease {
  readonly type: 'address-lost';
}

/** A router does not answer; the peer goes on soliciting, and keeps an address that it has. */
export interface RouterUnreachable {
  readonly type: 'router-unreachable';
  readonly router: Endpoint;
  /** Solicitations sent since the last answer. */
  readonly attempts: number;
}

/** A router that was reported unreachable answers again. */
export interface RouterReachable {
  readonly type: 'router-reachable';
  readonly router: Endpoint;
}

/**
 * The router sees this peer at a UDP port that the dialect cannot express (draft-01: an odd one). The
 * driver must move to another UDP port and call `Peer.solicit`.
 */
export interface PortRefused {
  readonly type: 'port-refused';
  readonly router: Endpoint;
  /** The peer's endpoint as the router sees it. */
  readonly publicEndpoint: Endpoint;
}

/**
 * Who began: `outbound` when the local side sent a packet to the remote that cannot be a reply, `inbound` when all
 * that it sent there may have been caused by the remote. A stranger can cause any number of events about
 * inbound remotes.
 */
export type RemoteDirection = 'outbound' | 'inbound';

/**
 * Packets to a remote take another path from now on. The first report about a remote comes when its
 * path is found, or when the first search for one was in vain. When an inbound remote becomes an outbound one,
 * its path is reported once more.
 */
export interface PathChanged {
  readonly type: 'path-changed';
  /** The remote's IPv6 address in RFC 5952 form. */
  readonly remote: string;
  readonly direction: RemoteDirection;
  readonly path: PathKind;
  /** The path reported before, which may be the same; null for none. */
  readonly previous: PathKind | null;
  /** Endpoint of direct packets; null for `relayed`. */
  readonly endpoint: Endpoint | null;
  /** The confirmation of the path; null for `relayed`. */
  readonly confirmedBy: PathConfirmation | null;
  /** Round trip on the path, in milliseconds; null where unknown. */
  readonly roundTrip: number | null;
}

/**
 * The search for a direct path.
 *
 * - `idle`: none is under way and none was in vain lately; the next packet begins one.
 * - `trying`: something was sent directly, whose answer is waited for.
 * - `failed`: the last search was in vain.
 */
export type PathSearchState = 'idle' | 'trying' | 'failed';

/** What was done to reach directly a remote that packets are relayed to. Times as in {@link RemoteSnapshot}. */
export interface PathSearch {
  readonly state: PathSearchState;
  /** The endpoint that the remote's address encodes, which is tried. */
  readonly endpoint: Endpoint;
  /** Time at which something was last sent there; null for never. */
  readonly triedAt: number | null;
  /** Searches in vain since the last confirmation, up to 16; null where they are not counted (draft04). */
  readonly failures: number | null;
  /** Time from which a packet begins the next search; null while there is one, and where time begins it (draft04). */
  readonly retryAt: number | null;
  /** Time of the last packet that came directly from the remote; null for never. */
  readonly directAt: number | null;
}

/** One remote of a peer, as users see it. Times are those given as `now`, in milliseconds. */
export interface RemoteSnapshot {
  /** The IPv6 address of the first packet to or from the remote, in RFC 5952 form. */
  readonly address: string;
  readonly direction: RemoteDirection;
  /** The path that a packet would take now. */
  readonly path: PathKind;
  /** Endpoint of direct packets; null for `relayed`. */
  readonly endpoint: Endpoint | null;
  /** The confirmation of the path; null for `relayed`. */
  readonly confirmedBy: PathConfirmation | null;
  /** Time at which a direct path was last confirmed; null for never. */
  readonly confirmedAt: number | null;
  /** Expiry of that confirmation, if nothing renews it; null for `relayed` and where it never expires. */
  readonly validUntil: number | null;
  /** Round trip of the last confirmation, in milliseconds; null where unknown. */
  readonly roundTrip: number | null;
  /** Why packets are relayed; null while they go directly. */
  readonly search: PathSearch | null;
  /** Time of the first packet to or from the remote. */
  readonly createdAt: number;
  /** Time of the last packet of the local side to it; null for never. */
  readonly lastSentAt: number | null;
  /** Time of the last packet from it; null for never. */
  readonly lastReceivedAt: number | null;
  readonly packetsSentDirect: number;
  readonly packetsSentRelayed: number;
  readonly packetsReceivedDirect: number;
  readonly packetsReceivedRelayed: number;
}

/** An event that a machine reports to its user, besides packets. */
export type TunnelEvent =
  | AddressAcquired
  | AddressChanged
  | AddressLost
  | RouterUnreachable
  | RouterReachable
  | PortRefused
  | PathChanged;

import type { Endpoint } from '@6bed4/codec';

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
  /** Prefixes that the router offers to route, as `address/length`. */
  readonly routes: readonly string[];
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

/** A router does not answer; the peer goes on asking, and keeps an address that it has. */
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

/** What a machine tells its user, besides packets. */
export type TunnelEvent =
  | AddressAcquired
  | AddressChanged
  | AddressLost
  | RouterUnreachable
  | RouterReachable
  | PortRefused;

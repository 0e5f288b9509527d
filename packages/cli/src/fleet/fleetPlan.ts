import type { Profile } from '@6bed4/codec';
import type { ListenAddress } from '../options/listenAddress.js';

/** The number of an autonomous system, 1..4294967294. */
export type AutonomousSystem = number;

/** A BGP neighbor to which a router announces. */
export interface Upstream {
  /** An IPv4 or IPv6 address. */
  readonly address: string;
  readonly as: AutonomousSystem;
}

/** What one address family of a router announces, and to whom. */
export interface FleetFamily {
  readonly version: 4 | 6;
  /** The own unicast address, from which BGP is spoken. */
  readonly own: string;
  /** Not empty. */
  readonly upstreams: readonly Upstream[];
  /** Prefixes; not empty. */
  readonly announced: readonly string[];
}

/**
 * One router of a fleet, checked: addresses belong to their families, and prefixes contain what they announce. All texts are
 * canonical addresses and prefixes, so that they can stand in any file.
 */
export interface FleetPlan {
  /** The IPv4 address that all routers of the fleet have. */
  readonly service: string;
  /** The native prefix as the router takes it; undefined for the default of the dialect. */
  readonly prefix: string | undefined;
  readonly as: AutonomousSystem;
  readonly routerId: string;
  readonly ipv4: FleetFamily;
  /** Null where no IPv6 prefix is announced. */
  readonly ipv6: FleetFamily | null;
  readonly bfd: boolean;
  /** Seconds. */
  readonly holdTime: number;
  readonly ttlSecurity: boolean;
  /** Whether default routes of the upstreams are taken. */
  readonly defaultRoute: boolean;
  readonly routes: readonly string[];
  readonly workers: number | undefined;
  readonly metrics: ListenAddress | undefined;
  readonly dialect: Profile | undefined;
}

/** The families of a plan that announce something. */
export function familiesOf({ ipv4, ipv6 }: FleetPlan): readonly FleetFamily[] {
  return ipv6 === null ? [ipv4] : [ipv4, ipv6];
}

/** A file that is written: its path below the folder, with slashes, and its text. */
export interface FleetFile {
  readonly path: string;
  readonly text: string;
}

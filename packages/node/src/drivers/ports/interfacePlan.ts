import { formatPrefix, type Profile, parsePrefix } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';

/** A route through the interface. */
export interface PlannedRoute {
  /** Destination as `address/length`. */
  readonly prefix: string;
  /** The kernel's route metric; lower wins. */
  readonly metric: number;
}

/** Addresses and routes that a network interface has to carry. */
export interface InterfacePlan {
  /** Own addresses with the length of the on-link prefix, as `address/length`. */
  readonly addresses: readonly string[];
  readonly routes: readonly PlannedRoute[];
}

export const EMPTY_PLAN: InterfacePlan = Object.freeze({ addresses: [], routes: [] });

/** Metric of the default route: above that of native IPv6, which is 1024 (as deployed peers). */
const DEFAULT_ROUTE_METRIC = 1042;
/** Metric of all other routes into the tunnel (as deployed peers). */
const ROUTE_METRIC = 1052;

const DEFAULT_ROUTE = '::/0';
const SUBNET_BITS = 64;
const SUBNET_BYTES = 8;

/** The plan of a router's interface: its address, and with it the /64 that it serves. */
export function planOfRouter(address: string): InterfacePlan {
  return { addresses: [`${address}/64`], routes: [] };
}

/**
 * The plan of a peer's interface: the address of each lease, the /64 that it is from, the prefixes
 * that are 6bed4 by themselves (draft-03 §4.1), and what the routers offer to route.
 */
export function planOfPeer(
  leases: readonly AddressLease[],
  profile: Profile,
  defaultRoute: boolean,
): InterfacePlan {
  if (leases.length === 0) return EMPTY_PLAN;
  const addresses = leases.map(
    ({ address, prefix }) => `${address}/${prefix.slice(prefix.indexOf('/') + 1)}`,
  );
  const onLink = leases.map(({ prefix }) => prefix);
  const prefixes = new Set([
    ...leases.map(({ prefix }) => subnetPrefixOf(prefix)),
    ...profile.prefixes.map(formatPrefix),
    ...leases.flatMap(({ routes }) => routes),
  ]);
  const routes = [...prefixes]
    // The kernel makes the route of an on-link prefix itself.
    .filter((prefix) => prefix !== DEFAULT_ROUTE && !onLink.includes(prefix))
    .map((prefix) => ({ prefix, metric: ROUTE_METRIC }));
  if (defaultRoute) routes.push({ prefix: DEFAULT_ROUTE, metric: DEFAULT_ROUTE_METRIC });
  return { addresses, routes };
}

/** The /64 that a longer prefix is part of. */
function subnetPrefixOf(prefix: string): string {
  const { bytes } = parsePrefix(prefix);
  return formatPrefix({ bytes: bytes.slice().fill(0, SUBNET_BYTES), length: SUBNET_BITS });
}

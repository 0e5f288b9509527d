import { formatPrefix, type Prefix, type Profile, parsePrefix, prefixContains } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';

/**
 * The routing table of a route: the main one, which all packets use, or that of the interface, which
 * its rules say who uses.
 */
export type PlannedTable = 'main' | 'own';

/** A route through the interface. */
export interface PlannedRoute {
  /** Destination as `address/length`. */
  readonly prefix: string;
  /** The kernel's route metric; lower wins. */
  readonly metric: number;
  readonly table: PlannedTable;
  /** The own address that programs get which ask for none; null leaves it to the kernel. */
  readonly source: string | null;
  /** Whether it is only there while a native route leads to the whole Internet. */
  readonly onlyBesideNative?: boolean;
}

/** A rule by which packets look up the table of the interface. */
export interface PlannedRule {
  /** Rules are tried in the order of this number; that of the main table is 32766. */
  readonly priority: number;
  /** Sources of the packets that it is about, as `address/length`; null for all. */
  readonly from: string | null;
}

/** Everything that the kernel has to know about a network interface. */
export interface InterfacePlan {
  /** Own addresses with the length of the on-link prefix, as `address/length`. */
  readonly addresses: readonly string[];
  /** Those of them that are used where no other can be (RFC 6724 §5, rule 3). */
  readonly deprecated: readonly string[];
  readonly routes: readonly PlannedRoute[];
  readonly rules: readonly PlannedRule[];
  /** Prefixes whose addresses on this interface rank behind native ones (RFC 6724 §5, rule 6). */
  readonly labels: readonly string[];
}

export const EMPTY_PLAN: InterfacePlan = Object.freeze({
  addresses: [],
  deprecated: [],
  routes: [],
  rules: [],
  labels: [],
});

/** The part of the plan of a peer that its user decides. */
export interface RouteWishes {
  /** Whether all IPv6 without a better route goes into the tunnel. */
  readonly defaultRoute: boolean;
  /** Offered routes within these may win over native ones. */
  readonly acceptRoutes: readonly Prefix[];
}

/** Metric of the default route: above that of native IPv6, which is 1024 (as deployed peers). */
export const DEFAULT_ROUTE_METRIC = 1042;
/** Metric of all other routes into the tunnel (as deployed peers). */
export const ROUTE_METRIC = 1052;

/** Priority of rules for our own addresses, from which the tunnel comes before native routes. */
export const FROM_OWN_PRIORITY = 5210;
/** Priority of the rule for all packets: after the tables main and default, at 32766 and 32767. */
export const LAST_PRIORITY = 32_800;

const DEFAULT_ROUTE = '::/0';
const SUBNET_BITS = 64;
const SUBNET_BYTES = 8;

/**
 * The plan of a router's interface: its address, with it the /64 that it serves, and the prefixes that
 * are 6bed4 by themselves, under which other routers serve (draft-03 §10.1).
 */
export function planOfRouter(address: string, profile: Profile): InterfacePlan {
  const prefixes = profile.prefixes.map(formatPrefix);
  const subnet = subnetOf(`${address}/128`);
  return {
    addresses: [`${address}/${SUBNET_BITS}`],
    deprecated: [],
    routes: [
      ...routesOf6bed4(profile),
      routeOf(subnet, 'main', null),
      routeOf(subnet, 'own', null),
    ],
    rules: [{ priority: FROM_OWN_PRIORITY, from: `${address}/128` }],
    labels: [...new Set([...prefixes, subnet])],
  };
}

/**
 * The plan of a peer's interface: the address of each lease, routes to the prefixes that are 6bed4 by
 * themselves (draft-03 §4.1), and what the routers say: a /64 and routes. That never wins over a native
 * route (draft-03 §4: native to native precedes 6bed4), so it is in a table of its own, for packets from
 * the addresses of the tunnel, which leave by no other interface, and for those that no other route
 * matches. Addresses of routers that do not answer are deprecated, and routes lead through others, as
 * long as there are others (RFC 4861 §6.3.6).
 */
export function planOfPeer(
  given: readonly (AddressLease & { readonly reachable?: boolean })[],
  profile: Profile,
  wishes: RouteWishes,
): InterfacePlan {
  if (given.length === 0) return EMPTY_PLAN;
  const answering = given.filter(({ reachable }) => reachable !== false);
  const silent = given.filter(({ reachable }) => reachable === false);
  // Routes are those of the first that offers them.
  const leases = [...answering, ...silent];
  const subnets = leases
    .map(({ prefix }) => subnetOf(prefix))
    .filter((subnet) => !isWithin(subnet, profile.prefixes));
  const offered = offeredRoutes(leases, wishes).filter(
    ({ prefix }) => !isWithin(prefix, profile.prefixes),
  );
  return {
    addresses: leases.map(addressOf),
    deprecated: answering.some(({ temporary }) => !temporary) ? silent.map(addressOf) : [],
    routes: [
      ...routesOf6bed4(profile),
      ...acceptedRoutes(offered, wishes),
      ...offered,
      ...returnRoutes(offered, leases),
    ],
    rules: [
      ...leases.map((lease) => ({ priority: FROM_OWN_PRIORITY, from: sourcesOf(lease) })),
      ...(offered.length === 0 ? [] : [{ priority: LAST_PRIORITY, from: null }]),
    ],
    labels: [...new Set([...profile.prefixes.map(formatPrefix), ...subnets])],
  };
}

/** The routes in the table of the interface; those of temporary leases are nobody's business. */
function offeredRoutes(
  leases: readonly AddressLease[],
  { defaultRoute }: RouteWishes,
): PlannedRoute[] {
  const found = new Map<string, PlannedRoute>();
  for (const lease of leases) {
    const { temporary, prefix: own, routes, address } = lease;
    if (temporary) continue;
    const isDefault = defaultRoute && lease.defaultRouter;
    for (const prefix of [subnetOf(own), ...routes, ...(isDefault ? [DEFAULT_ROUTE] : [])]) {
      if (found.has(prefix) || (prefix === DEFAULT_ROUTE && !isDefault)) continue;
      found.set(prefix, routeOf(prefix, 'own', address));
    }
  }
  return [...found.values()];
}

/**
 * Those of the offered routes that the user wants everybody to use; where a route is wider than what
 * the user accepts, that part of it.
 */
function acceptedRoutes(
  offered: readonly PlannedRoute[],
  { acceptRoutes }: RouteWishes,
): PlannedRoute[] {
  const found = new Map<string, PlannedRoute>();
  for (const route of offered) {
    const { prefix } = route;
    if (prefix === DEFAULT_ROUTE) {
      found.set(prefix, { ...route, table: 'main', metric: DEFAULT_ROUTE_METRIC });
      continue;
    }
    const parts = isWithin(prefix, acceptRoutes)
      ? [prefix]
      : acceptRoutes.map(formatPrefix).filter((part) => isWithin(part, [parsePrefix(prefix)]));
    for (const part of parts) {
      if (!found.has(part)) found.set(part, { ...route, prefix: part, table: 'main' });
    }
  }
  return [...found.values()];
}

/**
 * Routes to the prefixes that are 6bed4 by themselves: for all, and in the own table, so that packets from an own
 * address take this interface, and not that of another daemon with the same routes for all.
 */
function routesOf6bed4({ prefixes }: Profile): PlannedRoute[] {
  const texts = prefixes.map(formatPrefix);
  return (['main', 'own'] as const).flatMap((table) =>
    texts.map((prefix) => routeOf(prefix, table, null)),
  );
}

/**
 * The default route of what is sent from an own address although the user wants none: answers to native hosts. Native
 * networks do not carry packets from addresses of others (RFC 2827). Where there is no native default route it would
 * become that of everybody, because the kernel chooses a source where nothing else leads somewhere.
 */
function returnRoutes(
  offered: readonly PlannedRoute[],
  leases: readonly AddressLease[],
): PlannedRoute[] {
  const lease = leases.find(({ temporary, defaultRouter }) => defaultRouter && !temporary);
  if (lease === undefined || offered.some(({ prefix }) => prefix === DEFAULT_ROUTE)) return [];
  return [{ ...routeOf(DEFAULT_ROUTE, 'own', lease.address), onlyBesideNative: true }];
}

function routeOf(prefix: string, table: PlannedTable, source: string | null): PlannedRoute {
  return { prefix, metric: ROUTE_METRIC, table, source };
}

/** An address with its on-link prefix, unless others have addresses in it: the kernel would put that into the main table. */
function addressOf({ address, prefix }: AddressLease): string {
  const length = lengthOf(prefix);
  return `${address}/${length > SUBNET_BITS ? length : 128}`;
}

/** The addresses that are ours alone. */
function sourcesOf({ address, prefix }: AddressLease): string {
  return lengthOf(prefix) > SUBNET_BITS ? prefix : `${address}/128`;
}

function lengthOf(prefix: string): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

/** Whether one of the others contains this prefix. */
function isWithin(prefix: string, others: readonly Prefix[]): boolean {
  const { bytes, length } = parsePrefix(prefix);
  return others.some((other) => other.length <= length && prefixContains(other, bytes, 0));
}

/** The /64 that a longer prefix is part of. */
function subnetOf(prefix: string): string {
  const { bytes } = parsePrefix(prefix);
  return formatPrefix({ bytes: bytes.slice().fill(0, SUBNET_BYTES), length: SUBNET_BITS });
}

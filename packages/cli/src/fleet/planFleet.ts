import {
  completePrefix,
  formatPrefix,
  type Prefix,
  type Profile,
  parseIPv4,
  parsePrefix,
  prefixContains,
  reference2020,
} from '@6bed4/codec';
import { checkRouterOptions } from '@6bed4/node';
import { DEFAULT_HOLD_TIME, type FleetFlags } from '../options/fleetOptions.js';
import { namedRefusal } from '../options/refusals.js';
import { missingOption, UsageError } from '../options/usageError.js';
import type { FleetFamily, FleetPlan, Upstream } from './fleetPlan.js';

const IPV4_BITS = 32;
const SERVICE_BITS = 32;

/**
 * The router of a fleet that options ask for.
 *
 * @throws UsageError for options that are missing or do not go together
 */
export function planFleet(flags: FleetFlags): FleetPlan {
  const { service, as, upstream: upstreams, own = [] } = flags;
  if (service === undefined) {
    throw missingOption('--service', 'the IPv4 address that all routers have', '192.0.2.1');
  }
  if (as === undefined) throw missingOption('--as', 'the AS number of the fleet', '64512');
  if (upstreams === undefined) {
    throw missingOption('--upstream', 'a BGP neighbor', '198.51.100.1,64500');
  }
  const own4 = ownAddress(own, 4);
  if (own4 === undefined) {
    throw missingOption('--own', 'the IPv4 address that only this router has', '198.51.100.11');
  }
  const served = servedPrefix(flags, service);
  checkUpstreams(upstreams, as, [service, ...own]);
  if (own.includes(service)) {
    throw new UsageError(`--own: ${service} is the service address, which all routers have`);
  }
  const ofFamily = (version: 4 | 6): Upstream[] =>
    upstreams.filter(({ address }) => versionOf(address) === version);
  const ipv4: FleetFamily = {
    ...{ version: 4, own: own4, upstreams: ofFamily(4) },
    announced: announced4(flags, service),
  };
  if (ipv4.upstreams.length === 0) {
    throw new UsageError(
      `--upstream: none has an IPv4 address, and so nobody is told of ${service}`,
    );
  }
  return {
    ...{ service, as, ipv4 },
    prefix: flags.prefix && canonical(flags.prefix),
    routerId: flags.routerId ?? own4,
    ipv6: planIPv6(flags, ofFamily(6), served),
    bfd: flags.bfd,
    holdTime: flags.holdTime ?? DEFAULT_HOLD_TIME,
    ttlSecurity: flags.ttlSecurity === true,
    defaultRoute: flags.defaultRoute === true,
    routes: (flags.route ?? []).map(canonical),
    workers: flags.workers,
    metrics: flags.metrics,
    dialect: flags.dialect,
  };
}

/** Whether an address is one of IPv4 or IPv6. */
function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** A prefix as it is written by all. */
function canonical(prefix: string): string {
  return formatPrefix(parsePrefix(prefix));
}

function ownAddress(own: readonly string[], version: 4 | 6): string | undefined {
  const [first, second] = own.filter((address) => versionOf(address) === version);
  if (second !== undefined) {
    throw new UsageError(`--own: found ${first} and ${second}, expected one of IPv${version}`);
  }
  return first;
}

function checkUpstreams(
  upstreams: readonly Upstream[],
  own: number,
  taken: readonly string[],
): void {
  const seen = new Set<string>();
  for (const { address, as } of upstreams) {
    if (taken.includes(address)) {
      throw new UsageError(`--upstream: ${address} is an address of this router`);
    }
    if (seen.has(address)) throw new UsageError(`--upstream: ${address} was given already`);
    if (as === own) {
      throw new UsageError(
        `--upstream: ${address} has the AS number of the fleet, ${own}; only sessions between two are written`,
      );
    }
    seen.add(address);
  }
}

/** The /64 that is to be announced; null for one that contains the service address and needs no route. */
function servedPrefix(flags: FleetFlags, service: string): Prefix | null {
  const { prefix, route: routes, workers, dialect: profile = reference2020 } = flags;
  try {
    checkRouterOptions({ listen: service, prefix, routes, workers, profile, tun: '6bed4' });
  } catch (error) {
    throw namedRefusal(error, 'fleet');
  }
  const { defaultPrefix, defaultNetid: netid } = profile;
  const given = prefix === undefined ? defaultPrefix : parsePrefix(prefix);
  const served = completePrefix(given, { netid, router: service });
  return isOfProfile(profile, served) ? null : served;
}

function isOfProfile({ prefixes }: Profile, { bytes }: Prefix): boolean {
  return prefixes.some((each) => prefixContains(each, bytes, 0));
}

function planIPv6(
  flags: FleetFlags,
  upstreams: readonly Upstream[],
  served: Prefix | null,
): FleetFamily | null {
  const own = ownAddress(flags.own ?? [], 6);
  const announced = announced6(flags, served);
  const [first] = upstreams;
  if (served === null) {
    const given = first?.address ?? own;
    if (given === undefined) return null;
    const name = first === undefined ? '--own' : '--upstream';
    throw new UsageError(`${name}: ${given} has no use without a native --prefix to announce`);
  }
  if (first === undefined) {
    throw new UsageError(
      `--prefix: no upstream has an IPv6 address, and so nobody is told of ${formatPrefix(served)}`,
    );
  }
  if (own === undefined) {
    throw missingOption('--own', 'the IPv6 address that only this router has', '2001:db8:a::11');
  }
  return { version: 6, own, upstreams, announced };
}

function announced4({ announce = [] }: FleetFlags, service: string): readonly string[] {
  const given = announce.filter((text) => versionOf(text) === 4);
  for (const text of given) {
    const [address, bits] = text.split('/');
    const size = 2 ** (IPV4_BITS - Number(bits));
    const offset = parseIPv4(service) - parseIPv4(address!);
    if (offset < 0 || offset >= size || Number(bits) === 0) {
      throw new UsageError(`--announce: ${text} does not contain the service address ${service}`);
    }
  }
  return given.length > 0 ? unique(given) : [`${service}/${SERVICE_BITS}`];
}

function announced6({ announce = [] }: FleetFlags, served: Prefix | null): readonly string[] {
  const given = announce.filter((text) => versionOf(text) === 6);
  for (const text of given) {
    const prefix = parsePrefix(text);
    if (served === null) {
      throw new UsageError(`--announce: ${text} has no use without a native --prefix`);
    }
    const contains = prefix.length <= served.length && prefixContains(prefix, served.bytes, 0);
    if (!contains || prefix.length === 0) {
      throw new UsageError(`--announce: ${text} does not contain ${formatPrefix(served)}`);
    }
  }
  if (given.length > 0) return unique(given);
  return served === null ? [] : [formatPrefix(served)];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

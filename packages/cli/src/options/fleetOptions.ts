import type { Profile } from '@6bed4/codec';
import type { Command } from 'commander';
import type { AutonomousSystem, Upstream } from '../fleet/fleetPlan.js';
import { prefix } from './addresses.js';
import { DIALECTS, dialect } from './choices.js';
import { asNumber, hostAddress, hostIPv4, networkPrefix, upstream } from './fleetValues.js';
import { type ListenAddress, listenAddress } from './listenAddress.js';
import { integer } from './numbers.js';
import { repeated } from './repeated.js';

/** Seconds; BGP takes no hold time below 3 (RFC 4271 §4.2). */
const SHORTEST_HOLD_TIME = 3;
const LONGEST_HOLD_TIME = 65_535;
export const DEFAULT_HOLD_TIME = 9;
const MOST_WORKERS = 64;

/** Options of `6bed4 fleet init`, as parsed. */
export interface FleetFlags {
  readonly service?: string;
  readonly prefix?: string;
  readonly announce?: readonly string[];
  readonly as?: AutonomousSystem;
  readonly own?: readonly string[];
  readonly upstream?: readonly Upstream[];
  readonly routerId?: string;
  readonly bfd: boolean;
  readonly holdTime?: number;
  readonly ttlSecurity?: boolean;
  readonly defaultRoute?: boolean;
  readonly route?: readonly string[];
  readonly workers?: number;
  readonly metrics?: ListenAddress;
  readonly dialect?: Profile;
  readonly output?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds the options of `6bed4 fleet init`. */
export function addFleetOptions(command: Command): Command {
  return command
    .option(
      '--service <A.B.C.D>',
      'IPv4 address that all routers of the fleet have, and peers use (required)',
      hostIPv4,
    )
    .option('--prefix <P/len>', 'native IPv6 prefix of all of them, completed to /64', prefix)
    .option(
      '--announce <P/len>',
      'prefix to announce instead, with the service address or the /64 in it; may be repeated',
      repeated(networkPrefix),
    )
    .option('--as <N>', 'AS number of the fleet (required)', asNumber)
    .option(
      '--own <ADDRESS>',
      'IPv4 or IPv6 address that only this router has; one of IPv4 is required; may be repeated',
      repeated(hostAddress),
    )
    .option(
      '--upstream <ADDRESS,AS>',
      'BGP neighbor to announce to, on a link of this router (required); may be repeated',
      repeated(upstream),
    )
    .option(
      '--router-id <A.B.C.D>',
      'router identifier of BGP; default: the own IPv4 address',
      hostIPv4,
    )
    .option('--no-bfd', 'notice a dead link or computer by the hold time alone')
    .option(
      '--hold-time <S>',
      `seconds of silence after which BGP gives up a neighbor; default: ${DEFAULT_HOLD_TIME}`,
      integer(SHORTEST_HOLD_TIME, LONGEST_HOLD_TIME),
    )
    .option(
      '--ttl-security',
      'let only direct neighbors speak BGP (GTSM); they need the same setting',
    )
    .option('--default-route', 'take default routes from the upstreams')
    .option(
      '--route <P/len>',
      'prefix that peers should route here, such as 2000::/3; may be repeated',
      repeated(prefix),
    )
    .option('--workers <N>', 'threads of the router', integer(1, MOST_WORKERS))
    .option(
      '--metrics <ADDRESS:PORT>',
      'answer Prometheus there, such as 127.0.0.1:9469; default: not',
      listenAddress,
    )
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--output <DIR>', 'folder to write to; default: this one')
    .option('--force', 'write over files that are there')
    .option('--dry-run', 'write nothing, and print the files')
    .option('--json', 'write nothing, and print the files and notes as one JSON object');
}

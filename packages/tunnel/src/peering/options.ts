import { CodecError, type Dialect, type Profile } from '@6bed4/codec';
import { HOLE_TIME, LAN_TTL, MAX_REMOTES, REFRESH_AFTER } from '../defaults.js';
import { LEAST_HOLE_TIME } from '../specification.js';
import { NeighborDiscoveryPeering } from './neighborDiscovery.js';
import type { PeeringKind, PeeringName } from './peering.js';
import { ProbeAndSeenPeering } from './probeAndSeen.js';

const MOST_REMOTES = 2 ** 20;
const HIGHEST_TTL = 255;
const MILLISECONDS_PER_SECOND = 1000;
const LEAST_KEEPALIVE = REFRESH_AFTER / MILLISECONDS_PER_SECOND;

/** How a peer finds direct paths. */
export interface PeeringOptions {
  /**
   * The method. Default: what the dialect prescribes, that is `neighbor-discovery` for draft01 and
   * draft03, `probe-and-seen` for draft04 and `via-router` for draft00, which knows no direct paths.
   */
  readonly strategy?: PeeringName | undefined;
  /**
   * With `neighbor-discovery`: believe no answer without our nonce. Default false, because deployed
   * peers do not repeat nonces; a remote that did so once must go on.
   */
  readonly requireNonce?: boolean | undefined;
  /**
   * Seconds, at least 5, after which an idle direct path is tested, so that the NATs on it keep their
   * mappings; 0, the default, for never. An idle path is found again by its next packet in any case.
   */
  readonly directKeepalive?: number | undefined;
  /**
   * IPv4 TTL, 1..255, of the search for a remote on the local network, which happens when it has the
   * same public IPv4 address as we; 0 for none. Default 1: the local network and no further.
   */
  readonly lanTtl?: number | undefined;
  /**
   * With `neighbor-discovery`: send the first packet of TCP and SCTP handshakes straight to remotes whose
   * path is not known yet. Where the path is open, a connection begins without a detour; where it is
   * not, with a retransmission. Default false.
   */
  readonly opportunism?: boolean | undefined;
  /**
   * With `probe-and-seen`: seconds for which the NATs and firewalls on our side keep a silent UDP flow,
   * 28 or more. Default 30, which is what nearly all of them do.
   */
  readonly holeTime?: number | undefined;
  /**
   * Ask the router of a remote for an address as well, when packets to it take two routers for more than
   * a second; the address is given up when it was not used for two minutes. New connections can then
   * take one router less. Default true.
   */
  readonly avoidTrapezium?: boolean | undefined;
  /** Remotes that are kept apart, 1..2^20; further ones are reached through the router. Default 256. */
  readonly maxRemotes?: number | undefined;
}

const STRATEGIES: Readonly<Record<Dialect, PeeringName>> = {
  draft00: 'via-router',
  draft01: 'neighbor-discovery',
  draft03: 'neighbor-discovery',
  draft04: 'probe-and-seen',
};

/** A strategy, and how many remotes it may know. */
export interface ChosenPeering {
  readonly name: PeeringName;
  /** Null for the one that needs to know nothing. */
  readonly kind: PeeringKind | null;
  readonly maxRemotes: number;
  /** IPv4 TTL of the search on the local network; 0 for none. */
  readonly lanTtl: number;
}

/**
 * The strategy for a profile and what the user wants.
 *
 * @throws CodecError naming the option that cannot be used
 */
export function choosePeering(profile: Profile, options: PeeringOptions): ChosenPeering {
  const name = options.strategy ?? STRATEGIES[profile.dialect];
  const maxRemotes = integer('maxRemotes', options.maxRemotes ?? MAX_REMOTES, 1, MOST_REMOTES);
  const lanTtl = integer('lanTtl', options.lanTtl ?? LAN_TTL, 0, HIGHEST_TTL);
  const directKeepalive = options.directKeepalive ?? 0;
  if (directKeepalive !== 0 && !(directKeepalive >= LEAST_KEEPALIVE)) {
    const expected = `0 or at least ${LEAST_KEEPALIVE} seconds`;
    throw new CodecError('peering.directKeepalive', String(directKeepalive), expected);
  }
  const requireNonce = options.requireNonce ?? false;
  switch (name) {
    case 'via-router':
      return { name, kind: null, maxRemotes, lanTtl: 0 };
    case 'neighbor-discovery': {
      const told = {
        requireNonce,
        directKeepalive,
        lanTtl,
        wellKnownPort: profile.port,
        redirects: profile.dialect === 'draft01',
        opportunism: options.opportunism ?? false,
      };
      return {
        name,
        maxRemotes,
        lanTtl,
        kind: {
          name,
          key: 'address',
          make: (host) => new NeighborDiscoveryPeering(host, told),
        },
      };
    }
    case 'probe-and-seen': {
      const holeTime =
        (options.holeTime ?? HOLE_TIME / MILLISECONDS_PER_SECOND) * MILLISECONDS_PER_SECOND;
      if (!(holeTime >= LEAST_HOLE_TIME && Number.isFinite(holeTime))) {
        const expected = `at least ${LEAST_HOLE_TIME / MILLISECONDS_PER_SECOND} seconds`;
        throw new CodecError('peering.holeTime', String(options.holeTime), expected);
      }
      return {
        name,
        maxRemotes,
        lanTtl: 0,
        kind: {
          name,
          key: 'endpoint',
          make: (host) => new ProbeAndSeenPeering(host, { holeTime }),
        },
      };
    }
    default:
      throw new CodecError(
        'peering.strategy',
        JSON.stringify(name),
        'via-router, neighbor-discovery or probe-and-seen',
      );
  }
}

function integer(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CodecError(`peering.${name}`, String(value), `an integer from ${least} to ${most}`);
  }
  return value;
}

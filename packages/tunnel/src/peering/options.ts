import {
  checkInteger,
  HIGHEST_TTL,
  InvalidArgumentError,
  type PeeringName,
  type Profile,
} from '@6bed4/codec';
import { LAN_TTL, MAPPING_TIMEOUT, MAX_REMOTES, REACHABLE_TIME } from '../defaults.js';
import { MIN_MAPPING_TIMEOUT } from '../specification.js';
import { NeighborDiscoveryPeering } from './neighborDiscovery.js';
import type { PeeringKind } from './peering.js';
import { ProbeAndSeenPeering } from './probeAndSeen.js';
import type { OpportunisticSends } from './sendIntent.js';

const HIGHEST_MAX_REMOTES = 2 ** 20;
const MILLISECONDS_PER_SECOND = 1000;
const LEAST_KEEPALIVE = REACHABLE_TIME / MILLISECONDS_PER_SECOND;

/** Options of how a peer finds direct paths. */
export interface PeeringOptions {
  /**
   * The strategy. Default: that of the dialect, `neighbor-discovery` for draft01 and
   * draft03, `probe-and-seen` for draft04 and `via-router` for draft00, which knows no direct paths.
   */
  readonly strategy?: PeeringName | undefined;
  /**
   * With `neighbor-discovery`: refuse Neighbor Advertisements without our nonce. Default false, because
   * deployed peers do not repeat nonces; a remote that did so once must go on.
   */
  readonly requireNonce?: boolean | undefined;
  /**
   * Seconds, at least 5, after which an idle direct path is solicited, so that the NATs on it keep their
   * mappings; 0, the default, for never. The next packet finds an idle path again in any case.
   */
  readonly directKeepalive?: number | undefined;
  /**
   * With `neighbor-discovery`: search a remote that has our own public IPv4 address on the local network
   * too (draft-01 §6.11). Whoever is there can then claim to be such a remote, and receive what is for it.
   * Default: as the dialect prescribes, true for draft01 and false elsewhere.
   */
  readonly lanSearch?: boolean | undefined;
  /**
   * IPv4 TTL, 1..255, of that search; 0 for none, whatever `lanSearch` says. Default 1: the local network
   * and no further.
   */
  readonly lanTtl?: number | undefined;
  /**
   * With `neighbor-discovery`: send the first packet of TCP and SCTP handshakes directly to remotes whose
   * path is not confirmed yet. Where the path is open, a connection begins on it; where it is not, with
   * a retransmission. Default false.
   */
  readonly opportunism?: boolean | undefined;
  /**
   * With `probe-and-seen`: seconds for which the NATs and firewalls on our side keep an idle UDP mapping
   * (the mapping timeout of RFC 4787 §4.3), 28 or more. Default 30, as nearly all of them do.
   */
  readonly mappingTimeout?: number | undefined;
  /**
   * With `probe-and-seen`: let the sender of a packet allow, by the Adaptive flag in its traffic class, that
   * the packet goes to a remote with the address under which that remote sees us (draft-04 §6, §7.8).
   * Software that uses this traffic class for something else, as DSCP CS1, is better off without. Default
   * true.
   */
  readonly adaptive?: boolean | undefined;
  /**
   * Get an address from the router of a remote as well, when packets to it take two routers for more than
   * a second; the address is given up when it was not used for two minutes. New connections can then
   * take one router less. Default true.
   */
  readonly avoidTrapezium?: boolean | undefined;
  /**
   * Remotes that are kept apart, 1..2^20; further ones are reached through the router. Default 16384. Memory
   * grows with the remotes there are, up to some 300 bytes each. Remotes that others began to send to us
   * get a quarter of the table at most.
   */
  readonly maxRemotes?: number | undefined;
}

/** A strategy, and how many remotes it may know. */
export interface ChosenPeering {
  readonly name: PeeringName;
  /** Null for the one that needs to know nothing. */
  readonly kind: PeeringKind | null;
  readonly maxRemotes: number;
  /** IPv4 TTL of the search on the local network; 0 for none. */
  readonly lanTtl: number;
  readonly opportunisticSends: OpportunisticSends;
}

/**
 * The strategy for a profile and what the user wants.
 *
 * @throws InvalidArgumentError naming the option that cannot be used
 */
export function choosePeering(profile: Profile, options: PeeringOptions): ChosenPeering {
  const name = options.strategy ?? profile.dialect.peering;
  const maxRemotes = checkInteger(
    'peering.maxRemotes',
    options.maxRemotes ?? MAX_REMOTES,
    1,
    HIGHEST_MAX_REMOTES,
  );
  const ttl = checkInteger('peering.lanTtl', options.lanTtl ?? LAN_TTL, 0, HIGHEST_TTL);
  const lanTtl = (options.lanSearch ?? profile.dialect.searchesLan) ? ttl : 0;
  const directKeepalive = options.directKeepalive ?? 0;
  if (directKeepalive !== 0 && !(directKeepalive >= LEAST_KEEPALIVE)) {
    const expected = `0 or at least ${LEAST_KEEPALIVE} seconds`;
    throw new InvalidArgumentError('peering.directKeepalive', String(directKeepalive), expected);
  }
  const requireNonce = options.requireNonce ?? false;
  switch (name) {
    case 'via-router':
      return { name, kind: null, maxRemotes, lanTtl: 0, opportunisticSends: 'none' };
    case 'neighbor-discovery': {
      const settings = {
        requireNonce,
        directKeepalive,
        lanTtl,
        wellKnownPort: profile.port,
        redirects: profile.dialect.redirects,
        opportunism: options.opportunism ?? false,
      };
      return {
        name,
        maxRemotes,
        lanTtl,
        opportunisticSends: 'confirming',
        kind: {
          name,
          key: 'address',
          make: (host, remotes) => new NeighborDiscoveryPeering(host, remotes, settings),
        },
      };
    }
    case 'probe-and-seen': {
      const mappingTimeout =
        (options.mappingTimeout ?? MAPPING_TIMEOUT / MILLISECONDS_PER_SECOND) *
        MILLISECONDS_PER_SECOND;
      const adaptive = options.adaptive ?? true;
      if (!(mappingTimeout >= MIN_MAPPING_TIMEOUT && Number.isFinite(mappingTimeout))) {
        const expected = `at least ${MIN_MAPPING_TIMEOUT / MILLISECONDS_PER_SECOND} seconds`;
        throw new InvalidArgumentError(
          'peering.mappingTimeout',
          String(options.mappingTimeout),
          expected,
        );
      }
      return {
        name,
        maxRemotes,
        lanTtl: 0,
        opportunisticSends: 'presumptuous',
        kind: {
          name,
          key: 'endpoint',
          make: (host, remotes) =>
            new ProbeAndSeenPeering(host, remotes, { mappingTimeout, adaptive }),
        },
      };
    }
    default:
      throw new InvalidArgumentError(
        'peering.strategy',
        JSON.stringify(name),
        'via-router, neighbor-discovery or probe-and-seen',
      );
  }
}

import type { Endpoint } from '@6bed4/codec';
import {
  formatInboundPolicy,
  hasAddress,
  type InterfaceReport,
  type PeerDaemon,
  type RouterDaemon,
  type RouterLookup,
} from '@6bed4/node';
import type {
  PathConfirmation,
  PathKind,
  PathSearch,
  PathSearchState,
  RemoteDirection,
  RemoteSnapshot,
  UplinkSnapshot,
} from '@6bed4/tunnel';
import type { PathCounts } from '../output/pathLog.js';
import type { ProxyCounts } from '../proxy/proxyServers.js';
import type { ServiceCounts } from '../serve/runningService.js';
import type { CommonStatus, ProcessStatus } from './commonStatus.js';
import type { GatewayStatus } from './gatewayStatus.js';

export type { CommonStatus, ProcessStatus } from './commonStatus.js';

/*
 * The objects that `6bed4 status --json` prints. Durations are in seconds, "ago" counts back from the answer, and
 * round trips are in milliseconds.
 */

/** A router of a peer. */
export interface UplinkStatus {
  readonly router: Endpoint;
  /** `unconfigured`: leased, but the interface has not got the address. */
  readonly state: UplinkSnapshot['state'] | 'unconfigured';
  /** Address that the router assigned; null for none. */
  readonly address: string | null;
  readonly prefix: string | null;
  readonly publicEndpoint: Endpoint | null;
  readonly routes: readonly string[];
  /** Router Solicitations since the last advertisement. */
  readonly attempts: number;
  readonly advertisedAgo: number | null;
  /** Whether it was added only to avoid a trapezium path. */
  readonly temporary: boolean;
}

/** What was done to reach directly a remote that packets are relayed to. */
export interface SearchStatus {
  readonly state: PathSearchState;
  /** The endpoint that is tried. */
  readonly endpoint: Endpoint;
  readonly triedAgo: number | null;
  /** Searches in vain since the last confirmation; null where they are not counted. */
  readonly failures: number | null;
  /** Seconds until a packet begins the next search, 0 or less when any does; null where none would. */
  readonly retryIn: number | null;
  /** When a packet last came directly from the remote. */
  readonly directAgo: number | null;
}

/** A remote of a peer. */
export interface RemoteStatus {
  readonly address: string;
  readonly direction: RemoteDirection;
  readonly path: PathKind;
  readonly endpoint: Endpoint | null;
  readonly confirmedBy: PathConfirmation | null;
  readonly confirmedAgo: number | null;
  readonly roundTripMs: number | null;
  /** Null unless packets are relayed. */
  readonly search: SearchStatus | null;
  readonly createdAgo: number;
  readonly sentAgo: number | null;
  readonly receivedAgo: number | null;
  readonly packetsSentDirect: number;
  readonly packetsSentRelayed: number;
  readonly packetsReceivedDirect: number;
  readonly packetsReceivedRelayed: number;
}

export interface PeerStatus extends CommonStatus {
  readonly role: 'peer' | 'proxy' | 'serve';
  /** Address from the first router that answered; null while the interface has none. */
  readonly address: string | null;
  readonly routers: readonly UplinkStatus[];
  /** The routers that have a host name, and what was found for it last. */
  readonly lookups: readonly RouterLookup[];
  /** The gateway that datagrams take; null for UDP. */
  readonly gateway: string | null;
  readonly remotes: readonly RemoteStatus[];
  /** Changes of paths to inbound remotes, which are not logged, by the new path. */
  readonly inboundPaths: PathCounts;
  /** What its clients did; only with `proxy`. */
  readonly proxy?: ProxyCounts;
  /** What the remotes of its services did; only with services. */
  readonly services?: readonly ServiceCounts[];
}

export interface RouterStatus extends CommonStatus {
  readonly role: 'router';
  readonly address: string;
  readonly prefix: string;
  /** The endpoint at which peers reach it; another than `endpoint` behind a NAT. */
  readonly publicEndpoint: Endpoint;
  /** Rules of masquerading, as `--masquerade` takes them. */
  readonly masquerade: readonly string[];
  /** Whether it wants no more traffic. */
  readonly draining: boolean;
  /** As `--dialect` takes it. */
  readonly dialect: string;
}

export type DaemonStatus = PeerStatus | RouterStatus | GatewayStatus;

const MS_PER_SECOND = 1000;

type Program = ProcessStatus & Pick<CommonStatus, 'version'>;

/** Seconds since a time on the clock of `performance.now`. */
function ago(at: number, now: number): number {
  return Math.max(0, now - at) / MS_PER_SECOND;
}

const agoOrNull = (at: number | null, now: number): number | null =>
  at === null ? null : ago(at, now);

/** The status of a peer. */
export function statusOfPeer(
  peer: PeerDaemon,
  program: Program,
  inboundPaths: PathCounts,
): PeerStatus {
  const now = performance.now();
  const report = peer.interfaceReport();
  return {
    role: 'peer',
    ...commonStatus(peer, program),
    address: peer.leases.find(({ address }) => hasAddress(report, address))?.address ?? null,
    routers: peer.uplinks().map((uplink) => statusOfUplink(uplink, report, now)),
    lookups: peer.lookups(),
    gateway: peer.gateway,
    remotes: peer.remotes().map((remote) => statusOfRemote(remote, now)),
    inboundPaths,
  };
}

/**
 * The status of a router.
 *
 * @param dialect - as `--dialect` takes it
 */
export function statusOfRouter(
  router: RouterDaemon,
  program: Program,
  dialect: string,
): RouterStatus {
  const { address, prefix, publicEndpoint, masquerade, isDraining } = router;
  return {
    role: 'router',
    ...commonStatus(router, program),
    address,
    prefix,
    publicEndpoint,
    masquerade,
    draining: isDraining,
    dialect,
  };
}

function commonStatus(daemon: PeerDaemon | RouterDaemon, program: Program): CommonStatus {
  return {
    ...program,
    pid: process.pid,
    uptime: process.uptime(),
    tun: daemon.tun,
    interface: daemon.interfaceReport(),
    inbound: daemon.inbound === null ? null : formatInboundPolicy(daemon.inbound),
    endpoint: daemon.endpoint,
    driver: daemon.driver(),
    counters: daemon.counters(),
  };
}

function statusOfUplink(
  uplink: UplinkSnapshot,
  report: InterfaceReport | null,
  now: number,
): UplinkStatus {
  const { router, state, lease, attempts, lastAdvertisementAt, temporary } = uplink;
  return {
    router,
    state: lease === null || hasAddress(report, lease.address) ? state : 'unconfigured',
    address: lease?.address ?? null,
    prefix: lease?.prefix ?? null,
    publicEndpoint: lease?.publicEndpoint ?? null,
    routes: lease?.routes ?? [],
    attempts,
    advertisedAgo: agoOrNull(lastAdvertisementAt, now),
    temporary,
  };
}

function statusOfRemote(remote: RemoteSnapshot, now: number): RemoteStatus {
  const {
    confirmedAt,
    validUntil: _,
    roundTrip,
    search,
    createdAt,
    lastSentAt,
    lastReceivedAt,
    ...rest
  } = remote;
  const { address, direction, path, endpoint, confirmedBy, ...packets } = rest;
  return {
    address,
    direction,
    path,
    endpoint,
    confirmedBy,
    confirmedAgo: agoOrNull(confirmedAt, now),
    roundTripMs: roundTrip,
    search: search === null ? null : statusOfSearch(search, now),
    createdAgo: ago(createdAt, now),
    sentAgo: agoOrNull(lastSentAt, now),
    receivedAgo: agoOrNull(lastReceivedAt, now),
    ...packets,
  };
}

function statusOfSearch(search: PathSearch, now: number): SearchStatus {
  const { triedAt, retryAt, directAt, ...rest } = search;
  return {
    ...rest,
    triedAgo: agoOrNull(triedAt, now),
    retryIn: retryAt === null ? null : (retryAt - now) / MS_PER_SECOND,
    directAgo: agoOrNull(directAt, now),
  };
}

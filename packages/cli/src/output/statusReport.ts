import { formatEndpoint } from '@6bed4/codec';
import type {
  BatchReport,
  DriverReport,
  InterfaceReport,
  OffloadReport,
  RouterLookup,
} from '@6bed4/node';
import type {
  DaemonStatus,
  PeerStatus,
  RemoteStatus,
  RouterStatus,
  UplinkStatus,
} from '../control/status.js';
import { colors } from './color.js';
import { gatewayLines } from './gatewayLines.js';
import { mappingOf, mappingText } from './natReport.js';
import { bytesText, countText, durationText } from './quantities.js';
import { relayLines } from './relayReport.js';
import { line, listOf } from './reportLine.js';
import { table } from './table.js';
import { whyRelayed } from './whyRelayed.js';

/** Remotes of which it is told why they are relayed. */
const MOST_REASONS = 20;

/** Writes the status of a daemon for people, under the name that `6bed4 status` has for it. */
export function reportOf(name: string, status: DaemonStatus): string {
  const { role, version, pid, uptime, tun, endpoint, driver } = status;
  // Daemons of other versions may not tell.
  const { capabilities = null, logLinesLost = 0 } = status as Partial<DaemonStatus>;
  const who = `${role}, version ${version}, process ${pid}, running for ${durationText(uptime)}`;
  return [
    `${colors.bold(name)}  ${colors.dim(who)}`,
    line('interface', tun ?? 'none'),
    ...interfaceLines(status.interface),
    ...(status.inbound ? [line('inbound', status.inbound)] : []),
    line('socket', formatEndpoint(endpoint)),
    ...driverLines(driver, tun !== null),
    ...(capabilities === null ? [] : [line('privileges', capabilities.join(', ') || 'none')]),
    ...roleLines(status),
    ...counterLines(status),
    ...(logLinesLost === 0 ? [] : [line('log', `${countText(logLinesLost)} lines lost`)]),
  ].join('\n');
}

function roleLines(status: DaemonStatus): string[] {
  switch (status.role) {
    case 'router':
      return routerLines(status);
    case 'gateway':
      return gatewayLines(status);
    default:
      return [...peerLines(status), ...relayLines(status)];
  }
}

/** Only what is not as it should be. */
function interfaceLines(report: InterfaceReport | null): string[] {
  if (report === null) return [];
  const { missing, disputed, restorations } = report;
  return [
    ...missing.map(({ part, reason }) => line('missing', colors.yellow(`${part} (${reason})`))),
    ...(disputed.length === 0 ? [] : [line('disputed', colors.yellow(disputed.join(', ')))]),
    ...(restorations === 0 ? [] : [line('restored', `${countText(restorations)} times`)]),
  ];
}

function driverLines(
  { name, reason, workers, offloads, batches }: DriverReport,
  hasTun: boolean,
): string[] {
  const threads = workers > 1 ? `, ${workers} threads` : '';
  return [
    line('driver', `${name}${threads}${reason === null ? '' : colors.dim(` (${reason})`)}`),
    ...(offloads.length === 0 ? [] : [line('offloads', offloads.map(offloadText).join(', '))]),
    ...(batches === null ? [] : [line('batch size', batchText(batches, hasTun))]),
  ];
}

function offloadText({ name, active, reason }: OffloadReport): string {
  if (active) return colors.green(name);
  return `no ${name}${reason === null ? '' : colors.dim(` (${reason})`)}`;
}

/** Datagrams and packets that a system call moved on average. */
function batchText(batches: BatchReport, hasTun: boolean): string {
  const { datagramsReceived, receiveCalls, datagramsSent, sendCalls } = batches;
  const { packetsRead, tunReads, packetsWritten, tunWrites } = batches;
  const average = (moved: number, calls: number): string =>
    calls === 0 ? 'none' : (moved / calls).toFixed(1);
  return [
    `udp in ${average(datagramsReceived, receiveCalls)}`,
    `udp out ${average(datagramsSent, sendCalls)}`,
    ...(hasTun
      ? [
          `tun in ${average(packetsRead, tunReads)}`,
          `tun out ${average(packetsWritten, tunWrites)}`,
        ]
      : []),
  ].join(', ');
}

function routerLines(status: RouterStatus): string[] {
  const { address, prefix, endpoint } = status;
  // Routers of other versions may not tell.
  const {
    publicEndpoint = endpoint,
    masquerade = [],
    draining = false,
  } = status as Partial<RouterStatus>;
  const reachedAt = formatEndpoint(publicEndpoint);
  const isRedirected = reachedAt !== formatEndpoint(endpoint);
  return [
    ...(isRedirected ? [line('public', reachedAt)] : []),
    line('address', colors.cyan(address)),
    line('prefix', prefix),
    ...(masquerade.length === 0 ? [] : [line('masquerade', masquerade.join(', '))]),
    ...(draining ? [line('draining', colors.yellow('it relays, and wants no more traffic'))] : []),
  ];
}

function peerLines(status: PeerStatus): string[] {
  const { address, routers, remotes, inboundPaths, endpoint } = status;
  // Daemons of other versions may not tell.
  const { lookups = [], gateway = null } = status as Partial<PeerStatus>;
  const mapping = mappingOf(status);
  const inbound = listOf(Object.entries(inboundPaths ?? {}));
  return [
    line('address', address === null ? colors.yellow('none yet') : colors.cyan(address)),
    ...table(
      ['router', 'state', 'prefix', 'public', 'answered', 'routes'],
      routers.map(uplinkCells),
    ),
    ...lookups.map((one) => line('name', lookupText(one))),
    ...(gateway === null ? [] : [line('gateway', gateway)]),
    ...(mapping === null ? [] : [line('nat', mappingText(mapping, endpoint))]),
    ...(remotes.length === 0
      ? [line('remotes', 'none')]
      : table(
          ['remote', 'path', 'round trip', 'confirmed', 'sent', 'received'],
          remotes.map(remoteCells),
        )),
    ...relayedLines(status),
    ...(inbound === 'none' ? [] : [line('inbound', `paths changed: ${inbound}`)]),
  ];
}

function lookupText({ name, addresses, error }: RouterLookup): string {
  if (error === null) return `${name} is ${addresses.join(', ') || 'not looked up yet'}`;
  const before = addresses.length === 0 ? '' : `, it was ${addresses.join(', ')}`;
  return `${name} ${colors.yellow(`has no address: ${error}`)}${before}`;
}

/** Why packets are relayed, to the remotes used last. */
function relayedLines(status: PeerStatus): string[] {
  const reasons = status.remotes.flatMap((remote) => {
    const reason = whyRelayed(remote, status);
    return reason === null ? [] : [{ address: remote.address, reason }];
  });
  const hidden = reasons.length - MOST_REASONS;
  return [
    ...reasons
      .slice(0, MOST_REASONS)
      .map(({ address, reason }) => line('relayed', `${address}: ${reason}`)),
    ...(hidden > 0 ? [line('', `… and ${countText(hidden)} more; --json has all`)] : []),
  ];
}

function uplinkCells(uplink: UplinkStatus): string[] {
  const { router, state, prefix, publicEndpoint, attempts, advertisedAgo, routes } = uplink;
  return [
    `${formatEndpoint(router)}${uplink.temporary ? ' (temporary)' : ''}`,
    state === 'leased' ? colors.green(state) : colors.yellow(state),
    prefix ?? '',
    publicEndpoint === null ? '' : formatEndpoint(publicEndpoint),
    `${agoText(advertisedAgo)}${attempts > 0 ? `, solicited ${countText(attempts)} times since` : ''}`,
    routes.join(' '),
  ];
}

function remoteCells(remote: RemoteStatus): string[] {
  const { address, direction, path, endpoint, roundTripMs, confirmedBy, confirmedAgo } = remote;
  const pathText = endpoint === null ? path : `${path} ${formatEndpoint(endpoint)}`;
  return [
    direction === 'inbound' ? `${address} (inbound)` : address,
    path === 'relayed' ? pathText : colors.green(pathText),
    roundTripMs === null ? '' : `${roundTripMs.toFixed(1)} ms`,
    confirmedBy === null ? '' : `${agoText(confirmedAgo)}, ${confirmedBy}`,
    packetsText(remote.packetsSentDirect, remote.packetsSentRelayed),
    packetsText(remote.packetsReceivedDirect, remote.packetsReceivedRelayed),
  ];
}

function packetsText(direct: number, relayed: number): string {
  return `${countText(direct)} direct, ${countText(relayed)} relayed`;
}

function agoText(seconds: number | null): string {
  return seconds === null ? 'never' : `${durationText(seconds)} ago`;
}

function counterLines({ counters }: DaemonStatus): string[] {
  const { udp, drops, remotesRefused } = counters;
  // A daemon of an earlier version does not tell them.
  const { packetsRewrittenToHosts: toHosts = 0, packetsRewrittenFromHosts: fromHosts = 0 } =
    counters as Partial<typeof counters>;
  const amount = (count: number, bytes: number): string =>
    `${countText(count)} (${bytesText(bytes)})`;
  const received = amount(counters.datagramsReceived, counters.datagramBytesReceived);
  const sent = amount(counters.datagramsSent, counters.datagramBytesSent);
  const taken = amount(counters.packetsTaken, counters.packetBytesTaken);
  const delivered = amount(counters.packetsDelivered, counters.packetBytesDelivered);
  const dropped = [
    ...Object.entries(drops),
    ['answers-withheld', counters.answersWithheld] as const,
    ['send-queue', udp.queueDrops] as const,
    ['interface', counters.localDrops] as const,
  ];
  return [
    line('datagrams', `received ${received}, sent ${sent}`),
    line('packets', `taken ${taken}, delivered ${delivered}`),
    ...(toHosts + fromHosts === 0
      ? []
      : [line('rewritten', `${countText(toHosts)} to hosts, ${countText(fromHosts)} from hosts`)]),
    ...(remotesRefused === 0
      ? []
      : [line('relayed', `${countText(remotesRefused)} for want of a place among the remotes`)]),
    line('dropped', listOf(dropped)),
    line(
      'errors',
      listOf([...Object.entries(udp.sendErrors), ...Object.entries(udp.receiveErrors)]),
    ),
  ];
}

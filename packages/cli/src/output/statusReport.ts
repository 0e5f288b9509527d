import { formatEndpoint } from '@6bed4/codec';
import type { BatchReport, DriverReport, OffloadReport } from '@6bed4/node';
import Table from 'cli-table3';
import type {
  DaemonStatus,
  PeerStatus,
  RemoteStatus,
  RouterStatus,
  UplinkStatus,
} from '../control/status.js';
import { colours } from './color.js';
import { bytesText, countText, durationText } from './quantities.js';

const NAME_WIDTH = 12;

/** Writes the status of a daemon for people, under the name that it can be asked by. */
export function reportOf(name: string, status: DaemonStatus): string {
  const { role, version, pid, uptime, tun, endpoint, driver } = status;
  const who = `${role}, version ${version}, process ${pid}, running for ${durationText(uptime)}`;
  return [
    `${colours.bold(name)}  ${colours.dim(who)}`,
    line('interface', tun ?? 'none'),
    line('socket', formatEndpoint(endpoint)),
    ...driverLines(driver),
    ...(status.role === 'peer' ? peerLines(status) : routerLines(status)),
    ...counterLines(status),
  ].join('\n');
}

function line(name: string, value: string): string {
  return `  ${colours.dim(name.padEnd(NAME_WIDTH))}${value}`;
}

function driverLines({ name, reason, workers, offloads, batches }: DriverReport): string[] {
  const threads = workers > 1 ? `, ${workers} threads` : '';
  return [
    line('driver', `${name}${threads}${reason === null ? '' : colours.dim(` (${reason})`)}`),
    ...(offloads.length === 0 ? [] : [line('offloads', offloads.map(offloadText).join(', '))]),
    ...(batches === null ? [] : [line('at a time', batchText(batches))]),
  ];
}

function offloadText({ name, active, reason }: OffloadReport): string {
  if (active) return colours.green(name);
  return `no ${name}${reason === null ? '' : colours.dim(` (${reason})`)}`;
}

/** How many datagrams and packets a system call moved on average. */
function batchText(batches: BatchReport): string {
  const { datagramsReceived, receiveCalls, datagramsSent, sendCalls } = batches;
  const { packetsRead, tunReads, packetsWritten, tunWrites } = batches;
  const average = (moved: number, calls: number): string =>
    calls === 0 ? 'none' : (moved / calls).toFixed(1);
  return [
    `received ${average(datagramsReceived, receiveCalls)}`,
    `sent ${average(datagramsSent, sendCalls)}`,
    `taken ${average(packetsRead, tunReads)}`,
    `delivered ${average(packetsWritten, tunWrites)}`,
  ].join(', ');
}

function routerLines({ address, prefix }: RouterStatus): string[] {
  return [line('address', colours.cyan(address)), line('prefix', prefix)];
}

function peerLines({ address, routers, remotes }: PeerStatus): string[] {
  return [
    line('address', address === null ? colours.yellow('none yet') : colours.cyan(address)),
    ...table(
      ['router', 'state', 'prefix', 'public', 'answered', 'routes'],
      routers.map(uplinkCells),
    ),
    ...(remotes.length === 0
      ? [line('remotes', 'none')]
      : table(
          ['remote', 'path', 'round trip', 'proved', 'sent', 'received'],
          remotes.map(remoteCells),
        )),
  ];
}

function uplinkCells(uplink: UplinkStatus): string[] {
  const { router, state, prefix, publicEndpoint, attempts, advertisedAgo, routes } = uplink;
  const isSilent = attempts > 0;
  return [
    `${formatEndpoint(router)}${uplink.temporary ? ' (temporary)' : ''}`,
    state === 'leased' ? colours.green(state) : colours.yellow(state),
    prefix ?? '',
    publicEndpoint === null ? '' : formatEndpoint(publicEndpoint),
    `${agoText(advertisedAgo)}${isSilent ? `, asked ${countText(attempts)} times since` : ''}`,
    routes.join(' '),
  ];
}

function remoteCells(remote: RemoteStatus): string[] {
  const { address, path, endpoint, roundTripMs, proof, provedAgo } = remote;
  const way = endpoint === null ? path : `${path} ${formatEndpoint(endpoint)}`;
  return [
    address,
    path === 'relayed' ? way : colours.green(way),
    roundTripMs === null ? '' : `${roundTripMs.toFixed(1)} ms`,
    proof === null ? '' : `${agoText(provedAgo)}, ${proof}`,
    bothWays(remote.packetsSentDirect, remote.packetsSentRelayed),
    bothWays(remote.packetsReceivedDirect, remote.packetsReceivedRelayed),
  ];
}

function bothWays(direct: number, relayed: number): string {
  return `${countText(direct)} direct, ${countText(relayed)} relayed`;
}

function agoText(seconds: number | null): string {
  return seconds === null ? 'never' : `${durationText(seconds)} ago`;
}

function counterLines({ counters }: DaemonStatus): string[] {
  const { udp, drops } = counters;
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
    line('dropped', listOf(dropped)),
    line(
      'errors',
      listOf([...Object.entries(udp.sendErrors), ...Object.entries(udp.receiveErrors)]),
    ),
  ];
}

/** Names and counts, without those that are 0. */
function listOf(counts: readonly (readonly [string, number])[]): string {
  const some = counts.filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([name, n]) => `${name} ${countText(n)}`).join(', ');
}

/** Columns under dim heads, without rules. */
function table(head: readonly string[], rows: readonly string[][]): string[] {
  const borders = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
  ];
  const rules = ['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const columns = new Table({
    chars: {
      ...Object.fromEntries([...borders, ...rules].map((name) => [name, ''])),
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  columns.push(
    head.map((name) => colours.dim(name)),
    ...rows,
  );
  return columns
    .toString()
    .split('\n')
    .map((text) => `  ${text.trimEnd()}`);
}

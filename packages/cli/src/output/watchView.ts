import { stripVTControlCharacters } from 'node:util';
import { formatEndpoint } from '@6bed4/codec';
import type { DaemonStatus, PeerStatus, RemoteStatus, RouterStatus } from '../control/status.js';
import { colors } from './color.js';
import { gatewayLines } from './gatewayLines.js';
import { bytesText, countText, durationText } from './quantities.js';
import type { RateHistory } from './rates.js';
import { line } from './reportLine.js';
import { sparkline } from './sparkline.js';

/** A daemon in the view; null as its status when it does not answer. */
export interface WatchedDaemon {
  readonly name: string;
  readonly status: DaemonStatus | null;
  readonly history: RateHistory;
}

/** Room for the view, in characters. */
export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a gateway is and how many clients it has; the rest is no news. */
const GATEWAY_LINES = 2;
const NAME_COLUMN = 14;
const BITS_WIDTH = 12;
const COUNT_WIDTH = 19;
const LONGEST_SPARKLINE = 60;
// Columns of remotes; with the spaces between them they take 80 characters.
const ADDRESS_WIDTH = 39;
const PATH_WIDTH = 7;
const TIME_WIDTH = 8;
const RATE_WIDTH = 8;
const MILLION = 1_000_000;

/** The lines of the view of all daemons: no line is longer than the size allows, and there are no more. */
export function watchView(daemons: readonly WatchedDaemon[], size: ViewSize): string[] {
  const blocks = daemons.map((one) => daemonLines(one, size.columns));
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  const hidden = lines.length - size.rows;
  const shown = hidden <= 0 ? lines : lines.slice(0, Math.max(0, size.rows - 1));
  const rest = hidden <= 0 ? [] : [colors.dim(`  … ${lines.length - shown.length} more lines`)];
  return [...shown, ...rest].map((text) => fitted(text, size.columns));
}

function daemonLines({ name, status, history }: WatchedDaemon, columns: number): string[] {
  if (status === null) return [`${colors.bold(name)}  ${colors.yellow('does not answer')}`];
  const { role, pid, uptime } = status;
  const who = `${role}, process ${pid}, running for ${durationText(uptime)}`;
  return [
    `${colors.bold(name)}  ${colors.dim(who)}`,
    ...roleLines(status),
    ...rateLines(history, columns),
    ...('remotes' in status ? remoteLines(status.remotes, history) : []),
  ];
}

function roleLines(status: DaemonStatus): string[] {
  switch (status.role) {
    case 'router':
      return routerLines(status);
    case 'gateway':
      return gatewayLines(status).slice(0, GATEWAY_LINES);
    default:
      return peerLines(status);
  }
}

function routerLines({ address, prefix }: RouterStatus): string[] {
  return [line('address', colors.cyan(address)), line('prefix', prefix)];
}

function peerLines({ address, routers }: PeerStatus): string[] {
  return [
    line('address', address === null ? colors.yellow('none yet') : colors.cyan(address)),
    ...routers.map(({ router, state, advertisedAgo }) => {
      const answered =
        advertisedAgo === null ? '' : `, answered ${durationText(advertisedAgo)} ago`;
      const color = state === 'leased' ? colors.green : colors.yellow;
      return line('router', `${formatEndpoint(router)}  ${color(state)}${answered}`);
    }),
  ];
}

function rateLines({ rates, bitsReceived, bitsSent }: RateHistory, columns: number): string[] {
  if (rates === null) return [];
  const room = columns - NAME_COLUMN - BITS_WIDTH - COUNT_WIDTH;
  const width = Math.min(LONGEST_SPARKLINE, room);
  const rateLine = (name: string, bits: number, count: number, course: readonly number[]): string =>
    line(
      name,
      bitsText(bits).padEnd(BITS_WIDTH) +
        `${perSecond(count)} packets/s`.padEnd(COUNT_WIDTH) +
        colors.cyan(sparkline(course, width)),
    );
  return [
    rateLine('received', rates.bitsReceived, rates.datagramsReceived, bitsReceived),
    rateLine('sent', rates.bitsSent, rates.datagramsSent, bitsSent),
    ...(rates.drops > 0
      ? [line('dropped', colors.yellow(`${perSecond(rates.drops)} packets/s`))]
      : []),
  ];
}

/** The busiest first, and then those used last. */
function remoteLines(remotes: readonly RemoteStatus[], history: RateHistory): string[] {
  if (remotes.length === 0) return [line('remotes', 'none')];
  const rows = remotes.map((remote) => ({ remote, rates: history.remote(remote) }));
  rows.sort((a, b) => b.rates.received + b.rates.sent - a.rates.received - a.rates.sent);
  const head = [
    'remote'.padEnd(ADDRESS_WIDTH),
    'path'.padEnd(PATH_WIDTH),
    'time'.padStart(TIME_WIDTH),
    'in/s'.padStart(RATE_WIDTH),
    'out/s'.padStart(RATE_WIDTH),
  ];
  return [
    `  ${colors.dim(head.join('  '))}`,
    ...rows.map(({ remote, rates }) => {
      const { address, path, roundTripMs } = remote;
      const color = path === 'relayed' ? colors.yellow : colors.green;
      const time = roundTripMs === null ? '' : `${timeText(roundTripMs)} ms`;
      return `  ${[
        address.padEnd(ADDRESS_WIDTH),
        color(path.padEnd(PATH_WIDTH)),
        time.padStart(TIME_WIDTH),
        perSecond(rates.received).padStart(RATE_WIDTH),
        perSecond(rates.sent).padStart(RATE_WIDTH),
      ].join('  ')}`;
    }),
  ];
}

/** Bits in a second, with three digits: `12.3 Mbit/s`. */
function bitsText(bits: number): string {
  return bytesText(bits).replace(/B$/, 'bit/s');
}

/** Milliseconds with five characters at most. */
function timeText(ms: number): string {
  return ms < 1000 ? ms.toFixed(1) : String(Math.round(ms));
}

/** A count with six digits at most. */
function perSecond(count: number): string {
  if (count >= MILLION) return `${(count / MILLION).toFixed(1)} M`;
  return countText(count < 10 ? Math.round(count * 10) / 10 : Math.round(count));
}

/** A line that is too long loses its end and its colors. */
function fitted(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length <= columns ? text : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}

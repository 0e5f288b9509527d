import { setTimeout as delay } from 'node:timers/promises';
import { formatEndpoint, formatIPv6, type Profile, parseIPv6, profileOf } from '@6bed4/codec';
import { type PeerDaemon, StartError, startPeer } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import type { Command } from 'commander';
import { findRouters } from '../check/findRouters.js';
import { ipv4, ipv6, routerReference } from '../options/addresses.js';
import { DIALECTS, dialect } from '../options/choices.js';
import { integer } from '../options/numbers.js';
import { repeated } from '../options/repeated.js';
import { isOutputUnread, print } from '../output/print.js';
import { PathPing, type PingReply } from '../ping/pathPing.js';
import { replyLine, summaryLine } from '../ping/pingReport.js';

const ADDRESS = 'fc64:bed:c000:201:c000:203:6272:1';
const EXAMPLES = `
Examples:
  # five echo requests, and the path that each took
  6bed4 ping ${ADDRESS} --router 192.0.2.1
  # until a reply comes directly
  6bed4 ping ${ADDRESS} --router 192.0.2.1 --until-direct --count 20

Exit codes: 0 a reply came, with --until-direct directly; 1 none did; 2 wrong arguments.`;

const DEFAULT_COUNT = 5;
const MOST = 1_000_000;
/** Milliseconds from one request to the next, and for which a reply is waited for. */
const INTERVAL = 1000;
/** Milliseconds that routers have to give an address. */
const PATIENCE = 10_000;

interface Flags {
  readonly router?: readonly string[];
  readonly listen?: string;
  readonly dialect?: Profile;
  readonly count?: number;
  readonly untilDirect?: boolean;
  readonly json?: boolean;
}

/** `6bed4 ping` */
export function addPingCommand(program: Command): void {
  program
    .command('ping')
    .summary('ping a 6bed4 address, and tell which path each reply took')
    .description(
      'Sends echo requests by a peer of its own, and tells of each whether it went directly or through the ' +
        'router, and why. Needs no privileges.',
    )
    .argument('<ADDR>', 'IPv6 address', ipv6)
    .option(
      '--router <HOST[:port]>',
      'router to get an address from; may be repeated; default: those of running peers',
      repeated(routerReference),
    )
    .option('--listen <A.B.C.D>', 'own IPv4 address to use; default: all', ipv4)
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option(
      '--count <N>',
      `requests to send, one a second; default: ${DEFAULT_COUNT}`,
      integer(1, MOST),
    )
    .option('--until-direct', 'end with the first reply that came directly')
    .option('--json', 'print one JSON object for each request')
    .addHelpText('after', EXAMPLES)
    .action(ping);
}

async function ping(address: string, flags: Flags): Promise<void> {
  const { dialect: profile = profileOf('draft03'), listen } = flags;
  const routers = await findRouters(flags.router, profile);
  const peer = await startPeer({ routers, profile, listen });
  try {
    const lease = await leaseOf(peer, routers.map(formatEndpoint));
    const replies = await sendAll(peer, lease, formatIPv6(parseIPv6(address)), flags);
    if (flags.json !== true) print(summaryLine(replies));
    process.exitCode = replies.some((one) => isWanted(one, flags)) ? 0 : 1;
  } finally {
    await peer.close();
  }
}

async function leaseOf(peer: PeerDaemon, routers: readonly string[]): Promise<AddressLease> {
  const waiting = new AbortController();
  const silent = delay(PATIENCE, null, { signal: waiting.signal }).catch(() => null);
  const lease = await Promise.race([peer.ready, silent]);
  waiting.abort();
  if (lease !== null) return lease;
  const what = `no answer from ${routers.join(', ')}; "6bed4 check" tells more`;
  throw new StartError('ETIMEDOUT', what);
}

async function sendAll(
  peer: PeerDaemon,
  { address: source, router }: AddressLease,
  remote: string,
  { count = DEFAULT_COUNT, untilDirect = false, json = false }: Flags,
): Promise<readonly PingReply[]> {
  if (!json) print(`ping ${remote} from ${source} by router ${formatEndpoint(router)}`);
  const pings = new PathPing(peer, remote);
  const replies: PingReply[] = [];
  while (replies.length < count && !isOutputUnread()) {
    const [reply] = await Promise.all([pings.ping(source, INTERVAL), pauseBefore(replies.length)]);
    replies.push(reply);
    print(json ? JSON.stringify(reply) : replyLine(reply));
    if (untilDirect && isDirect(reply)) break;
  }
  return replies;
}

/** The first request is reported at once, the others are a second apart. */
async function pauseBefore(sent: number): Promise<void> {
  if (sent > 0) await delay(INTERVAL);
}

function isWanted(reply: PingReply, { untilDirect = false }: Flags): boolean {
  return untilDirect ? isDirect(reply) : reply.received !== null;
}

function isDirect({ sent, received }: PingReply): boolean {
  return sent !== 'relayed' && received !== null && received !== 'relayed';
}

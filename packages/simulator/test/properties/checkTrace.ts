import { formatIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  isNd,
  type NdMessage,
  parseNd,
  SOURCE_OFFSET,
  trafficClass,
} from '@6bed4/nd';
import type { Internet, TraceEntry } from '../../src/index.js';

/** How long the answer to a question proves a path, and how late it may come. */
const ANSWER_LIFETIME = 25_000;
const ANSWER_WINDOW = 3_500;
/** How long a Seen flag proves a path, and how old the direct traffic may be that it speaks of. */
const SEEN_LIFETIME = 27_000;
const HOLE_TIME = 30_000;
const SEEN = 0x20;
const SECOND = 1_000;
/**
 * Control packets to one remote in any second: a row of questions has three, half a second apart; a
 * hint may add one every 250 ms; and a few more when several addresses of one remote are in use.
 */
const MOST_PER_SECOND = 12;

function neighborDiscovery({ payload }: TraceEntry): NdMessage | null {
  if (!isNd(payload, 0, payload.length)) return null;
  const parsed = parseNd(payload, 0, payload.length);
  return parsed.ok ? parsed.value : null;
}

const NEVER = Number.NEGATIVE_INFINITY;

const text = (address: number, port: number): string => `${address >>> 0}:${port}`;

/** What one node has asked, what was proved to it, and what it sent of its own; by endpoint. */
interface Knowledge {
  readonly askedAt: Map<string, number>;
  /** By remote and endpoint. */
  readonly answeredAt: Map<string, number>;
  readonly directAt: Map<string, number>;
  readonly seenAt: Map<string, number>;
  readonly controls: Map<string, number[]>;
  solicited: number;
  advertised: number;
}

/**
 * Reads the whole trace and throws where a peer
 *
 * - sent data straight to a remote without proof: an answer from that very endpoint to its own question,
 *   or with Probe and Seen a flag from the remote after it had sent something straight itself;
 * - sent more of its own to a remote in a second than the bound;
 * - answered more questions than it was asked.
 */
export function checkWire(net: Internet): void {
  const routers = new Set(
    net
      .trace!.entries.filter(
        ({ kind, node }) => kind === 'send' && net.routers.some(({ name }) => name === node),
      )
      .map(({ source, sourcePort }) => text(source, sourcePort)),
  );
  const peers = new Map(
    net.peers.map(({ name }): [string, Knowledge] => [
      name,
      {
        ...{ askedAt: new Map(), answeredAt: new Map() },
        ...{ directAt: new Map(), seenAt: new Map(), controls: new Map() },
        ...{ solicited: 0, advertised: 0 },
      },
    ]),
  );
  const byFlag = net.peers.some(({ machine }) => machine.peering === 'probe-and-seen');
  for (const entry of net.trace!.entries) {
    const knowledge = peers.get(entry.node);
    if (knowledge === undefined) continue;
    if (entry.kind === 'deliver') {
      if (byFlag) see(knowledge, entry);
      else learn(knowledge, entry);
    } else if (entry.kind === 'send') {
      judge(knowledge, entry, routers);
    }
  }
}

/** A Seen flag in whatever came from a remote, by any way. */
function see(knowledge: Knowledge, { payload, at }: TraceEntry): void {
  const isPlain = payload.length >= DESTINATION_OFFSET && !isNd(payload, 0, payload.length);
  if (!isPlain || (trafficClass(payload, 0) & SEEN) === 0) return;
  const endpoint = new UdpEndpoint();
  reference2020.layout.readEndpoint(payload, SOURCE_OFFSET, endpoint);
  const from = text(endpoint.address, endpoint.port);
  if (at - (knowledge.directAt.get(from) ?? NEVER) <= HOLE_TIME) knowledge.seenAt.set(from, at);
}

/** An answer to a question. */
function learn(knowledge: Knowledge, entry: TraceEntry): void {
  const message = neighborDiscovery(entry);
  if (message?.type === 'neighbor-solicitation') knowledge.solicited++;
  if (message?.type !== 'neighbor-advertisement') return;
  const from = text(entry.source, entry.sourcePort);
  if (entry.at - (knowledge.askedAt.get(from) ?? NEVER) > ANSWER_WINDOW) return;
  knowledge.answeredAt.set(`${formatIPv6(message.target)} ${from}`, entry.at);
}

/** Something that a peer sends. */
function judge(knowledge: Knowledge, entry: TraceEntry, routers: ReadonlySet<string>): void {
  const to = text(entry.destination, entry.destinationPort);
  if (routers.has(to)) return;
  const { node, at, payload } = entry;
  const message = neighborDiscovery(entry);
  if (message === null && payload.length > 0) {
    const remote = formatIPv6(payload, DESTINATION_OFFSET);
    const isAnswered =
      at - (knowledge.answeredAt.get(`${remote} ${to}`) ?? NEVER) <= ANSWER_LIFETIME;
    const isSeen = at - (knowledge.seenAt.get(to) ?? NEVER) <= SEEN_LIFETIME;
    if (!isAnswered && !isSeen) throw new Error(`${node} sends ${remote} unproved data at ${at}`);
    knowledge.directAt.set(to, at);
    return;
  }
  if (message?.type === 'neighbor-advertisement') {
    knowledge.advertised++;
    if (knowledge.advertised > knowledge.solicited) {
      throw new Error(`${node} answers at ${at} what it was not asked`);
    }
    return;
  }
  if (message?.type === 'neighbor-solicitation') {
    knowledge.askedAt.set(to, at);
  } else if (payload.length === 0) {
    knowledge.directAt.set(to, at);
  }
  count(knowledge, entry, to);
}

function count(knowledge: Knowledge, { node, at }: TraceEntry, to: string): void {
  const times = (knowledge.controls.get(to) ?? []).filter((time) => time > at - SECOND);
  times.push(at);
  knowledge.controls.set(to, times);
  if (times.length > MOST_PER_SECOND) {
    throw new Error(`${node} sends ${times.length} control packets to ${to} in a second, at ${at}`);
  }
}

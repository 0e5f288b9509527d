import { formatIPv6, isMulticast, isPrivate } from '@6bed4/codec';
import { DESTINATION_OFFSET, isNd, type NdMessage, parseNd } from '@6bed4/nd';
import type { Internet, TraceEntry } from '../../src/index.js';

/** How long a proof may be used, and how late an answer may come, with the strategy in question. */
const PROOF_LIFETIME = 25_000;
const ANSWER_WINDOW = 3_500;
const SECOND = 1_000;
/**
 * Control packets to one remote in any second: a row of questions has three, half a second apart; a
 * hint may add one every 250 ms; and each proposal of an endpoint on the LAN one.
 */
const MOST_PER_SECOND = 12;

function neighborDiscovery({ payload }: TraceEntry): NdMessage | null {
  if (!isNd(payload, 0, payload.length)) return null;
  const parsed = parseNd(payload, 0, payload.length);
  return parsed.ok ? parsed.value : null;
}

/** Where a search on the LAN goes, whatever the port. */
const MULTICAST = 'LAN';

const text = (address: number, port: number): string => `${address >>> 0}:${port}`;

/** What one node has asked, what was proved to it, and what it sent of its own. */
interface Knowledge {
  readonly askedAt: Map<string, number>;
  readonly provedAt: Map<string, number>;
  readonly controls: Map<string, number[]>;
  solicited: number;
  advertised: number;
}

/**
 * Reads the whole trace and throws where a peer
 *
 * - sent data straight to a remote without an answer from that very endpoint to its own question;
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
        ...{ askedAt: new Map(), provedAt: new Map(), controls: new Map() },
        ...{ solicited: 0, advertised: 0 },
      },
    ]),
  );
  for (const entry of net.trace!.entries) {
    const knowledge = peers.get(entry.node);
    if (knowledge === undefined) continue;
    if (entry.kind === 'deliver') learn(knowledge, entry);
    else if (entry.kind === 'send') judge(knowledge, entry, routers);
  }
}

function learn(knowledge: Knowledge, entry: TraceEntry): void {
  const message = neighborDiscovery(entry);
  if (message?.type === 'neighbor-solicitation') knowledge.solicited++;
  if (message?.type !== 'neighbor-advertisement') return;
  const from = text(entry.source, entry.sourcePort);
  // An answer to the search on the LAN counts as well, for the private endpoint that it came from.
  const search = isPrivate(entry.source >>> 0) ? knowledge.askedAt.get(MULTICAST) : undefined;
  const askedAt = knowledge.askedAt.get(from) ?? search;
  if (askedAt === undefined || entry.at - askedAt > ANSWER_WINDOW) return;
  knowledge.provedAt.set(`${formatIPv6(message.target)} ${from}`, entry.at);
}

function judge(knowledge: Knowledge, entry: TraceEntry, routers: ReadonlySet<string>): void {
  const to = text(entry.destination, entry.destinationPort);
  if (routers.has(to)) return;
  const { node, at, payload } = entry;
  const message = neighborDiscovery(entry);
  if (message?.type === 'neighbor-advertisement') {
    knowledge.advertised++;
    if (knowledge.advertised > knowledge.solicited) {
      throw new Error(`${node} answers at ${at} what it was not asked`);
    }
    return;
  }
  if (message !== null || payload.length === 0) {
    if (message?.type === 'neighbor-solicitation') {
      knowledge.askedAt.set(isMulticast(entry.destination >>> 0) ? MULTICAST : to, at);
    }
    const times = (knowledge.controls.get(to) ?? []).filter((time) => time > at - SECOND);
    times.push(at);
    knowledge.controls.set(to, times);
    if (times.length > MOST_PER_SECOND) {
      throw new Error(
        `${node} sends ${times.length} control packets to ${to} within a second, at ${at}`,
      );
    }
    return;
  }
  const remote = formatIPv6(payload, DESTINATION_OFFSET);
  const provedAt = knowledge.provedAt.get(`${remote} ${to}`);
  if (provedAt === undefined || at - provedAt > PROOF_LIFETIME) {
    throw new Error(`${node} sends to ${remote} straight at ${at}, proved at ${provedAt}`);
  }
}

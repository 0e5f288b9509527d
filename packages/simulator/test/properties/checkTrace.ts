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

/** Time for which an advertisement confirms a path, and within which it must follow the solicitation. */
const ADVERTISEMENT_LIFETIME = 25_000;
const ANSWER_WINDOW = 3_500;
/** Time for which a Seen flag confirms a path, and within which it must follow direct traffic. */
const SEEN_LIFETIME = 27_000;
const MAPPING_TIMEOUT = 30_000;
const SEEN = 0x20;
const SECOND = 1_000;
/**
 * Control packets to one remote in any second: a round of solicitations has three, half a second apart; a
 * reachability hint may add one every 250 ms; and a few more when several addresses of one remote are in
 * use.
 */
const MOST_PER_SECOND = 12;

function neighborDiscovery({ payload }: TraceEntry): NdMessage | null {
  if (!isNd(payload, 0, payload.length)) return null;
  const parsed = parseNd(payload, 0, payload.length);
  return parsed.ok ? parsed.value : null;
}

const NEVER = Number.NEGATIVE_INFINITY;

const text = (address: number, port: number): string => `${address >>> 0}:${port}`;

/** Times of one node's solicitations, of their advertisements and of its own packets, by endpoint. */
interface Observations {
  readonly solicitedAt: Map<string, number>;
  /** By remote and endpoint. */
  readonly advertisedAt: Map<string, number>;
  readonly directAt: Map<string, number>;
  readonly seenAt: Map<string, number>;
  readonly controls: Map<string, number[]>;
  solicited: number;
  advertised: number;
}

/**
 * Reads the whole trace and throws where a peer
 *
 * - sent data directly to a remote without confirmation: an advertisement from that very endpoint to its
 *   own solicitation, or with Probe and Seen a flag from the remote after it had sent something directly
 *   itself;
 * - sent more control packets to a remote in a second than the bound;
 * - sent more advertisements than it got solicitations.
 */
export function checkTrace(net: Internet): void {
  const routers = new Set(
    net
      .trace!.entries.filter(
        ({ kind, node }) => kind === 'send' && net.routers.some(({ name }) => name === node),
      )
      .map(({ source, sourcePort }) => text(source, sourcePort)),
  );
  const peers = new Map(
    net.peers.map(({ name }): [string, Observations] => [
      name,
      {
        ...{ solicitedAt: new Map(), advertisedAt: new Map() },
        ...{ directAt: new Map(), seenAt: new Map(), controls: new Map() },
        ...{ solicited: 0, advertised: 0 },
      },
    ]),
  );
  const byFlag = net.peers.some(({ machine }) => machine.peering === 'probe-and-seen');
  for (const entry of net.trace!.entries) {
    const observations = peers.get(entry.node);
    if (observations === undefined) continue;
    if (entry.kind === 'deliver') {
      if (byFlag) noteSeenFlag(observations, entry);
      else noteAdvertisement(observations, entry);
    } else if (entry.kind === 'send') {
      check(observations, entry, routers);
    }
  }
}

/** Notes a Seen flag in any packet from a remote, direct or relayed. */
function noteSeenFlag(observations: Observations, { payload, at }: TraceEntry): void {
  const isPlain = payload.length >= DESTINATION_OFFSET && !isNd(payload, 0, payload.length);
  if (!isPlain || (trafficClass(payload, 0) & SEEN) === 0) return;
  const endpoint = new UdpEndpoint();
  reference2020.layout.readEndpoint(payload, SOURCE_OFFSET, endpoint);
  const from = text(endpoint.address, endpoint.port);
  if (at - (observations.directAt.get(from) ?? NEVER) <= MAPPING_TIMEOUT)
    observations.seenAt.set(from, at);
}

/** Notes a solicitation, and an advertisement to a solicitation. */
function noteAdvertisement(observations: Observations, entry: TraceEntry): void {
  const message = neighborDiscovery(entry);
  if (message?.type === 'neighbor-solicitation') observations.solicited++;
  if (message?.type !== 'neighbor-advertisement') return;
  const from = text(entry.source, entry.sourcePort);
  if (entry.at - (observations.solicitedAt.get(from) ?? NEVER) > ANSWER_WINDOW) return;
  observations.advertisedAt.set(`${formatIPv6(message.target)} ${from}`, entry.at);
}

/** Checks a packet that a peer sends. */
function check(observations: Observations, entry: TraceEntry, routers: ReadonlySet<string>): void {
  const to = text(entry.destination, entry.destinationPort);
  if (routers.has(to)) return;
  const { node, at, payload } = entry;
  const message = neighborDiscovery(entry);
  if (message === null && payload.length > 0) {
    const remote = formatIPv6(payload, DESTINATION_OFFSET);
    const isAdvertised =
      at - (observations.advertisedAt.get(`${remote} ${to}`) ?? NEVER) <= ADVERTISEMENT_LIFETIME;
    const isSeen = at - (observations.seenAt.get(to) ?? NEVER) <= SEEN_LIFETIME;
    if (!isAdvertised && !isSeen)
      throw new Error(`${node} sends ${remote} data on an unconfirmed path at ${at}`);
    observations.directAt.set(to, at);
    return;
  }
  if (message?.type === 'neighbor-advertisement') {
    observations.advertised++;
    if (observations.advertised > observations.solicited) {
      throw new Error(`${node} advertises at ${at} without a solicitation`);
    }
    return;
  }
  if (message?.type === 'neighbor-solicitation') {
    observations.solicitedAt.set(to, at);
  } else if (payload.length === 0) {
    observations.directAt.set(to, at);
  }
  count(observations, entry, to);
}

function count(observations: Observations, { node, at }: TraceEntry, to: string): void {
  const times = (observations.controls.get(to) ?? []).filter((time) => time > at - SECOND);
  times.push(at);
  observations.controls.set(to, times);
  if (times.length > MOST_PER_SECOND) {
    throw new Error(`${node} sends ${times.length} control packets to ${to} in a second, at ${at}`);
  }
}

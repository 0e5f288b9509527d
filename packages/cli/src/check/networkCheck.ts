import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, formatIPv6, type Profile, parseIPv6, profileOf } from '@6bed4/codec';
import { buildEcho, parseEcho } from '@6bed4/nd';
import { type PeerDaemon, PortableUdp, startPeer } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import { isSameEndpoint, type Observation, type UnaskedDatagram } from './natBehavior.js';
import { ObservedUdp } from './observedUdp.js';
import { reachError } from './reachError.js';

/** Milliseconds that a router has to answer: three solicitations. */
const PATIENCE = 4000;
/** Milliseconds that an error of the network may take; systems report one a second. */
const LONGEST_ERROR = 2500;
/** Milliseconds between two packets that may get lost, and their number. */
const PACE = 150;
const TRIES = 5;
/** Packets that are tried, the largest first: the MTU of the tunnel, and what passes nearly everywhere. */
const LENGTHS = [1280, 512] as const;
const NONCE_LENGTH = 16;
/** IPv6 header, and that of an echo. */
const ECHO_OVERHEAD = 48;
const HALF = 8;

/** A router that was asked. */
export interface RouterAnswer {
  readonly router: Endpoint;
  /** Null when it did not answer. */
  readonly seenAt: Endpoint | null;
  /** Milliseconds until it answered; null when it did not. */
  readonly after: number | null;
  /** What the system said about the datagrams that were sent, such as `ECONNREFUSED`; null for nothing. */
  readonly error: string | null;
}

/** What was found out by sending; what could not be is null. */
export interface NetworkFindings {
  /** The local endpoint of the socket that the routers saw. */
  readonly local: Endpoint;
  readonly routers: readonly RouterAnswer[];
  /** Whether a router saw an address of this computer itself. */
  readonly isTranslated: boolean | null;
  /** Where two routers saw one socket. */
  readonly observations: readonly Observation[];
  readonly unasked: UnaskedDatagram | null;
  /** Bytes of the largest packet that was relayed; 0 for none. */
  readonly largestPacket: number | null;
}

/** A peer without interface, and where it was opened. */
interface Probe {
  readonly peer: PeerDaemon;
  readonly port: PortableUdp;
}

/** Settings of a check. */
export interface CheckSettings {
  /** The routers to ask, one or two. */
  readonly routers: readonly Endpoint[];
  readonly profile?: Profile | undefined;
  /** Local address; default: all. */
  readonly listen?: string | undefined;
  /** Called with what is being done. */
  readonly onProgress: (what: string, router: Endpoint) => void;
}

/**
 * Finds out by two sockets and one or two routers what the network does to UDP. The second router must not be asked
 * by the first socket before a datagram from it was expected there.
 *
 * @throws StartError when no UDP socket is to be had
 */
export async function checkNetwork(settings: CheckSettings): Promise<NetworkFindings> {
  const [first, second] = settings.routers as readonly [Endpoint, Endpoint?];
  const arrivals = new Set<string>();
  const own = await openProbe(settings, first, (payload, from) => {
    arrivals.add(`${from.address}:${from.port} ${nonceIn(payload)}`);
  });
  const other = await openProbe(settings, second ?? first, () => {}).catch(async (error) => {
    await own.peer.close();
    throw error;
  });
  try {
    settings.onProgress('asking', first);
    const answer = await answerOf(own, first);
    if (second !== undefined) settings.onProgress('asking', second);
    const otherAnswer = await answerOf(other, second ?? first);
    const both = answer.seenAt !== null && otherAnswer.seenAt !== null;
    const nat =
      second !== undefined && both
        ? await compareRouters(own, other, [first, second], arrivals)
        : { observations: [], unasked: null };
    return {
      local: own.peer.endpoint,
      routers: second === undefined ? [answer] : [answer, otherAnswer],
      isTranslated: answer.seenAt && !isLocal(answer.seenAt, own.peer.endpoint),
      ...nat,
      largestPacket: both ? await largestPacket(own.peer, other.peer) : null,
    };
  } finally {
    await Promise.all([own.peer.close(), other.peer.close()]);
  }
}

async function openProbe(
  { profile = profileOf('draft03'), listen }: CheckSettings,
  router: Endpoint,
  watch: (payload: Uint8Array, from: Endpoint) => void,
): Promise<Probe> {
  const even = profile.layout.name === 'draft01';
  const port = await PortableUdp.open({ address: listen, even });
  const peer = await startPeer({
    routers: [router],
    profile,
    datagrams: new ObservedUdp(port, watch),
    peering: { strategy: 'via-router', avoidTrapezium: false },
  });
  return { peer, port };
}

async function answerOf({ peer, port }: Probe, router: Endpoint): Promise<RouterAnswer> {
  const start = performance.now();
  for (;;) {
    const after = performance.now() - start;
    const seenAt = leaseFrom(peer, router)?.publicEndpoint ?? null;
    if (seenAt !== null) return { router, seenAt, after, error: null };
    if (after > PATIENCE) break;
    await delay(10);
  }
  const error =
    Object.keys(port.counters.sendErrors)[0] ?? (await reachError(router, LONGEST_ERROR));
  return { router, seenAt: null, after: null, error };
}

function leaseFrom(peer: PeerDaemon, router: Endpoint): AddressLease | undefined {
  return peer.leases.find((lease) => isSameEndpoint(lease.router, router));
}

/**
 * Lets the second router send to the first socket, which sends to that router only then. Whether the router
 * relays at all is seen when the filter is open.
 */
async function compareRouters(
  { peer: own }: Probe,
  { peer: other }: Probe,
  [first, second]: readonly [Endpoint, Endpoint],
  arrivals: ReadonlySet<string>,
): Promise<Pick<NetworkFindings, 'observations' | 'unasked'>> {
  const lease = leaseFrom(own, first)!;
  const from = leaseFrom(other, second)!.address;
  const to = combined(from, lease.address);
  const arrives = async (): Promise<boolean> => {
    const nonce = randomBytes(NONCE_LENGTH);
    const wanted = `${second.address}:${second.port} ${nonce.toString('hex')}`;
    for (let sent = 0; sent < TRIES && !arrivals.has(wanted); sent++) {
      other.send(echo(from, to, nonce));
      await delay(PACE);
    }
    return arrivals.has(wanted);
  };
  const arrived = await arrives();
  own.addRouter(second);
  const start = performance.now();
  while (leaseFrom(own, second) === undefined && performance.now() - start < PATIENCE) {
    await delay(10);
  }
  const seenBySecond = leaseFrom(own, second)?.publicEndpoint ?? null;
  if (seenBySecond === null) return { observations: [], unasked: null };
  const seenByFirst = lease.publicEndpoint!;
  const isRelaying = arrived || (isSameEndpoint(seenByFirst, seenBySecond) && (await arrives()));
  return {
    observations: [
      { router: first, seenAt: seenByFirst },
      { router: second, seenAt: seenBySecond },
    ],
    unasked: isRelaying ? { asked: first, from: second, arrived } : null,
  };
}

/** Sends packets from one peer to the other through their common router. */
async function largestPacket(own: PeerDaemon, other: PeerDaemon): Promise<number | null> {
  const [to] = other.leases;
  const from = to && leaseFrom(own, to.router);
  if (to === undefined || from === undefined) return null;
  let received = '';
  const onPacket = (packet: Uint8Array): void => {
    received = nonceIn(packet);
  };
  other.on('packet', onPacket);
  for (const length of LENGTHS) {
    const data = randomBytes(length - ECHO_OVERHEAD);
    const nonce = data.subarray(-NONCE_LENGTH).toString('hex');
    for (let sent = 0; sent < TRIES; sent++) {
      own.send(echo(from.address, to.address, data));
      await delay(PACE);
      if (received === nonce) return length;
    }
  }
  return 0;
}

function echo(source: string, destination: string, data: Uint8Array): Uint8Array {
  return buildEcho({
    type: 'echo-reply',
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: 64,
    identifier: 0,
    sequence: 0,
    data,
  });
}

/** The last bytes of an echo, by which it is recognized; empty for anything else. */
function nonceIn(packet: Uint8Array): string {
  const parsed = parseEcho(packet, 0, packet.length);
  return parsed.ok ? Buffer.from(parsed.value.data.slice(-NONCE_LENGTH)).toString('hex') : '';
}

/** The /64 of one address with the endpoint of another. */
function combined(prefixOf: string, endpointOf: string): string {
  const bytes = parseIPv6(prefixOf);
  bytes.set(parseIPv6(endpointOf).subarray(HALF), HALF);
  return formatIPv6(bytes);
}

function isLocal(seenAt: Endpoint, local: Endpoint): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return seenAt.port === local.port && addresses.some(({ address }) => address === seenAt.address);
}

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, formatIPv6, type Profile, parseIPv6, profileOf } from '@6bed4/codec';
import { buildEcho, parseEcho } from '@6bed4/nd';
import { type PeerDaemon, PortableUdp, startPeer } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import { isSameEndpoint } from './natBehavior.js';
import { ObservedUdp } from './observedUdp.js';
import { reachError } from './reachError.js';

/** Milliseconds that a router has to answer: three solicitations. */
export const PATIENCE = 4000;
/** Milliseconds between two packets that may get lost, and their number. */
export const PACE = 150;
export const TRIES = 5;
/** Milliseconds without an answer after which the network is asked why. */
const SUSPICION = 1000;
/** Milliseconds between two looks at what has arrived. */
const POLL = 10;
const NONCE_LENGTH = 16;
const HALF = 8;

/** What all sockets of a check have in common. */
export interface ProbeSettings {
  readonly profile?: Profile | undefined;
  /** Local address; default: all. */
  readonly listen?: string | undefined;
}

/** A peer without interface, and where it was opened. */
export interface Probe {
  readonly peer: PeerDaemon;
  readonly port: ObservedUdp;
  /** Datagrams with an echo that came, as {@link arrivalOf} writes them. */
  readonly arrivals: ReadonlySet<string>;
}

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

/** Opens a peer of one router, which sends nothing of itself but solicitations. @throws StartError */
export async function openProbe(
  { profile = profileOf('draft03'), listen }: ProbeSettings,
  router: Endpoint,
): Promise<Probe> {
  const even = profile.layout.name === 'draft01';
  const arrivals = new Set<string>();
  const socket = await PortableUdp.open({ address: listen, even });
  const port = new ObservedUdp(socket, (payload, from) => {
    const nonce = nonceIn(payload);
    if (nonce !== '') arrivals.add(arrivalOf(from, nonce));
  });
  const peer = await startPeer({
    routers: [router],
    profile,
    datagrams: port,
    keepalive: { interval: 0, ttl: 0 },
    peering: { strategy: 'via-router', avoidTrapezium: false },
  });
  return { peer, port, arrivals };
}

/** How an echo that came is written. */
function arrivalOf({ address, port }: Endpoint, nonce: string): string {
  return `${address}:${port} ${nonce}`;
}

/** Waits for the answer of a router, or for a reason why there is none. */
export async function answerOf({ peer, port }: Probe, router: Endpoint): Promise<RouterAnswer> {
  const start = performance.now();
  const reported: { code: string | null; isAsked: boolean } = { code: null, isAsked: false };
  for (;;) {
    const after = performance.now() - start;
    const seenAt = leaseFrom(peer, router)?.publicEndpoint ?? null;
    if (seenAt !== null) return { router, seenAt, after, error: null };
    const error = Object.keys(port.counters.sendErrors)[0] ?? reported.code;
    if (error !== null || after > PATIENCE) return { router, seenAt: null, after: null, error };
    if (after > SUSPICION && !reported.isAsked) {
      reported.isAsked = true;
      void reachError(router, PATIENCE - SUSPICION).then((code) => {
        reported.code = code;
      });
    }
    await delay(POLL);
  }
}

/** What a router has given to a probe. */
export function leaseFrom(peer: PeerDaemon, router: Endpoint): AddressLease | undefined {
  return peer.leases.find((lease) => isSameEndpoint(lease.router, router));
}

/** Sends packets to an address until one has arrived as a datagram from a router; whether one did. */
export async function arrives(
  from: PeerDaemon,
  [source, destination]: readonly [source: string, destination: string],
  { arrivals }: Probe,
  router: Endpoint,
): Promise<boolean> {
  const nonce = randomBytes(NONCE_LENGTH);
  const wanted = arrivalOf(router, nonce.toString('hex'));
  for (let sent = 0; sent < TRIES && !arrivals.has(wanted); sent++) {
    from.send(echo(source, destination, nonce));
    const end = performance.now() + PACE;
    while (performance.now() < end && !arrivals.has(wanted)) await delay(POLL);
  }
  return arrivals.has(wanted);
}

/** An echo that nobody answers. */
export function echo(source: string, destination: string, data: Uint8Array): Uint8Array {
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
export function nonceIn(packet: Uint8Array): string {
  const parsed = parseEcho(packet, 0, packet.length);
  return parsed.ok ? nonceOf(parsed.value.data) : '';
}

/** The last bytes of the data of an echo. */
export function nonceOf(data: Uint8Array): string {
  return Buffer.from(data.slice(-NONCE_LENGTH)).toString('hex');
}

/** The /64 of one address with the endpoint of another. */
export function combined(prefixOf: string, endpointOf: string): string {
  const bytes = parseIPv6(prefixOf);
  bytes.set(parseIPv6(endpointOf).subarray(HALF), HALF);
  return formatIPv6(bytes);
}

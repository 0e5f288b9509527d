import {
  formatIPv4,
  formatIPv6,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  readUint32,
  UdpEndpoint,
} from '@6bed4/codec';
import { DESTINATION_OFFSET, isNd, parseUdp, SOURCE_OFFSET } from '@6bed4/nd';
import type { PeerNode, TraceEntry } from '../../src/index.js';
import type { Arena, Outcome } from './arena.js';

const OUTER_HEADERS = 28;
/** Of the number with which applications begin each payload. */
const NUMBER_BYTES = 4;
const ICMPV6_TYPE = 40;
const ROUTER_ADVERTISEMENT = 134;
/** Router Advertisements to one IPv4 address that need not be earned, a millisecond and at once. */
const FREE_ADVERTISEMENTS = { perMillisecond: 0.1 / 1_000, burst: 2 } as const;

/** What an attacker may achieve; everything else is a fault. */
export interface Grants {
  /** Whether a packet of his may be delivered to this address of an honest peer under this source. */
  readonly mayUse: (source: string, receiver: PeerNode, destination: string) => boolean;
  /** The honest peer whose packets may come to him, be lost or take another way. */
  readonly takes?: PeerNode | null;
  /** Whether an address or route of an honest peer may be there, besides those without an attack. */
  readonly mayHold?: (lease: string) => boolean;
  /** IPv4 addresses to which honest nodes send of their own accord, so that nothing is counted. */
  readonly uncounted?: readonly string[];
}

/** How an arena is without an attack. */
export interface Control {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly leases: readonly string[];
}

/** Lets an arena run without an attack. */
export function controlOf(arena: Arena): Control {
  arena.run(() => {});
  const outcomes = arena.outcomes();
  const lost = [...outcomes].filter(([, { isLost }]) => isLost);
  if (lost.length > 0) throw new Error(`without an attack, ${lost.length} packets are lost`);
  return { outcomes, leases: arena.leases() };
}

/** All that the attack changed and may not; empty when it changed nothing. */
export function faultsIn(arena: Arena, control: Control, grants: Grants): string[] {
  return [
    ...trafficFaults(arena, control, grants),
    ...deliveryFaults(arena, grants),
    ...diversionFaults(arena, grants),
    ...leaseFaults(arena, control, grants),
    ...amplificationFaults(arena, grants),
  ];
}

/** Honest packets that are lost, or are relayed although they go directly without an attack. */
function trafficFaults(arena: Arena, control: Control, { takes }: Grants): string[] {
  const faults: string[] = [];
  const outcomes = arena.outcomes();
  for (const [name, { at, isDirect, isSettled }] of control.outcomes) {
    if (takes && name.includes(takes.name)) continue;
    const outcome = outcomes.get(name);
    if (outcome === undefined || outcome.isLost) faults.push(`lost: ${name} at ${at}`);
    else if (isDirect && isSettled && !outcome.isDirect) {
      faults.push(`relayed: ${name} at ${at}`);
    }
  }
  return faults;
}

/** Packets of the attacker that were delivered under a source that is not his. */
function deliveryFaults(arena: Arena, { mayUse }: Grants): string[] {
  const honest = new Set(arena.honest.flatMap(({ addresses }) => addresses));
  return arena.honest.flatMap((peer) =>
    peer.received
      .filter(
        ({ from, to, kind, sequence }) =>
          !(kind === 'udp' && honest.has(to) && arena.wasSent(from, to, sequence)) &&
          !mayUse(from, peer, to),
      )
      .map(({ from, kind, at }) => `delivered to ${peer.name}: ${kind} from ${from} at ${at}`),
  );
}

/** Packets between honest peers that came to the attacker. */
function diversionFaults(arena: Arena, { takes }: Grants): string[] {
  return arena.sockets.flatMap(({ received, endpoint }) =>
    received.flatMap(({ payload, at }) => {
      const udp = parseUdp(payload, 0, payload.length);
      if (!udp.ok || udp.value.payload.length < NUMBER_BYTES) return [];
      const number = readUint32(udp.value.payload, 0);
      const [from, to] = [SOURCE_OFFSET, DESTINATION_OFFSET].map((at) => formatIPv6(payload, at));
      if (!arena.wasSent(from!, to!, number) || takes?.address === to) return [];
      return [`diverted to ${endpoint}: a packet to ${to} at ${at}`];
    }),
  );
}

/** Addresses, routes and routers that are not there without an attack, or the other way round. */
function leaseFaults(arena: Arena, control: Control, { mayHold }: Grants): string[] {
  const leases = arena.leases();
  return [
    ...leases.filter((lease) => !control.leases.includes(lease) && !mayHold?.(lease)),
    ...control.leases.filter((lease) => !leases.includes(lease) && !mayHold?.(lease)),
  ].map((lease) => `lease: ${lease}`);
}

/** Bytes that came from an IPv4 address, or were to be relayed there, and bytes sent there. */
interface Balance {
  claimed: number;
  sent: number;
}

/** IPv4 addresses of no honest node to which more was sent than came from there. */
function amplificationFaults(arena: Arena, { uncounted }: Grants): string[] {
  const balances = new Map<number, Balance>();
  const honestAddresses = new Set(
    (['victim', 'friend', 'newcomer', 'router'] as const).map(
      (name) => parseIPv4(parseEndpoint(arena.endpointOf(name)).address) | 0,
    ),
  );
  for (const { ipv4 } of arena.honest) honestAddresses.add(parseIPv4(ipv4) | 0);
  // The search on the local network, which our own side causes.
  honestAddresses.add(parseIPv4('224.0.0.1') | 0);
  const exempt = new Set((uncounted ?? []).map((address) => parseIPv4(address) | 0));
  const balance = (address: number): Balance => {
    let one = balances.get(address);
    if (one === undefined) {
      one = { claimed: 0, sent: 0 };
      balances.set(address, one);
    }
    return one;
  };
  const free = new Map<string, number>();
  for (const entry of arena.net.trace!.entries) {
    if (entry.kind !== 'send') continue;
    if (entry.node.startsWith('attacker')) noteClaim(arena, entry, balance);
    else if (!isFree(entry, free)) balance(entry.destination).sent += sizeOf(entry);
  }
  return [...balances]
    .filter(([address]) => !honestAddresses.has(address) && !exempt.has(address))
    .filter(([, { claimed, sent }]) => sent > claimed)
    .map(
      ([address, { claimed, sent }]) =>
        `${sent} bytes to ${formatIPv4(address >>> 0)} for ${claimed}`,
    );
}

const sizeOf = ({ payload }: TraceEntry): number => payload.length + OUTER_HEADERS;

/**
 * Counts a datagram of the attacker for the address that it claims to come from, and for those that its
 * packet names: a router relays to its destination, and an answer that goes by the router to its source.
 */
function noteClaim(arena: Arena, entry: TraceEntry, balance: (address: number) => Balance): void {
  const { source, payload } = entry;
  const claimed = [source];
  if (payload.length >= DESTINATION_OFFSET + 16 && payload[0]! >>> 4 === 6) {
    for (const offset of [SOURCE_OFFSET, DESTINATION_OFFSET]) {
      arena.profile.layout.readEndpoint(payload, offset, encoded);
      if (!claimed.includes(encoded.addressBits)) claimed.push(encoded.addressBits);
    }
  }
  for (const address of claimed) balance(address).claimed += sizeOf(entry);
}

const encoded = new UdpEndpoint();

/** Whether this is one of the first advertisements of a router to an IPv4 address. */
function isFree(
  { node, at, destination, payload }: TraceEntry,
  free: Map<string, number>,
): boolean {
  const isAdvertisement =
    isNd(payload, 0, payload.length) && payload[ICMPV6_TYPE] === ROUTER_ADVERTISEMENT;
  if (!isAdvertisement) return false;
  const key = `${node} ${destination}`;
  const used = free.get(key) ?? 0;
  if (used >= FREE_ADVERTISEMENTS.burst + Math.floor(at * FREE_ADVERTISEMENTS.perMillisecond)) {
    return false;
  }
  free.set(key, used + 1);
  return true;
}

/** Whether the lower half of an address encodes one of these endpoints. */
export function encodesAny(arena: Arena, address: string, endpoints: readonly string[]): boolean {
  const bytes = parseIPv6(address);
  return endpoints.some((text) => {
    const { address: ipv4, port } = parseEndpoint(text);
    return arena.profile.layout.matchesEndpoint(bytes, 0, new UdpEndpoint(parseIPv4(ipv4), port));
  });
}

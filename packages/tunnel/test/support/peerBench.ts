import { encodeAddress, parseIPv4, parseIPv6 } from '@6bed4/codec';
import {
  buildNd,
  findOption,
  type NdMessage,
  type NdOption,
  type NeighborSolicitation,
  parseNd,
} from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { Peer, type PeerOptions, type TunnelEvent } from '../../src/index.js';
import { advertisement, ping, prefixOption } from './packets.js';
import { Recorder, type SentDatagram } from './recorder.js';

export const ROUTER = '198.51.100.1:25790';
export const PREFIX = 'fc64:bed:c633:6401::/64';
export const OWN_ENDPOINT = '203.0.113.5:40000';
export const OWN = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 1 });

/** The address under our router's prefix of a remote at this endpoint. */
export function remoteAt(endpoint: string, lanip = 1): string {
  return encodeAddress({ prefix: PREFIX, peer: endpoint, lanip });
}

/** A peer of draft03 or draft04 with an address, and what it says to the world, in virtual time. */
export class PeeringBench {
  readonly recorder = new Recorder();
  readonly peer: Peer;
  now = 10_000;

  constructor(options: Partial<PeerOptions> = {}) {
    this.peer = new Peer(
      { routers: ['198.51.100.1'], random: seededRandom(2), ...options },
      this.recorder,
    );
    this.peer.start(this.now);
    this.advertise(OWN_ENDPOINT);
    this.recorder.clear();
  }

  /** The router answers our last solicitation: we are at this endpoint. */
  advertise(endpoint: string, subnet = PREFIX, router = ROUTER): void {
    const prefix = parseIPv6(encodeAddress({ prefix: subnet, peer: endpoint, lanip: 0 }));
    const nonce = this.recorder.nonce!;
    const options: NdOption[] = [prefixOption(prefix), { type: 'nonce', nonce }];
    this.arrives(router, advertisement({ options }));
  }

  /** The router is solicited again, and says that we are at another endpoint, or under another /64. */
  movesTo(endpoint: string, subnet = PREFIX): void {
    this.peer.solicit(this.now);
    this.advertise(endpoint, subnet);
    this.recorder.clear();
  }

  /** A datagram arrives from `A.B.C.D:port`. */
  arrives(from: string, bytes: Uint8Array): void {
    const [address, port] = from.split(':');
    this.peer.handleDatagram(
      bytes.slice(),
      0,
      bytes.length,
      parseIPv4(address!),
      Number(port),
      this.now,
    );
  }

  /** The local side sends a packet. */
  sends(packet: Uint8Array): void {
    this.peer.handlePacket(packet.slice(), 0, packet.length, this.now);
  }

  /** The local side sends a packet; returns where that goes. */
  way(packet: Uint8Array): string {
    this.sends(packet);
    return this.take().find(isData)!.to;
  }

  /** The local side pings a remote; returns what that made the peer send. */
  pings(remote: string): SentDatagram[] {
    this.sends(ping(OWN, remote));
    return this.take();
  }

  /** Lets time pass; returns what was sent meanwhile. */
  waits(milliseconds: number): SentDatagram[] {
    const end = this.now + milliseconds;
    for (let next = this.peer.nextTimeout(); next <= end; next = this.peer.nextTimeout()) {
      this.now = Math.max(this.now, next);
      this.peer.handleTimeout(this.now);
    }
    this.now = end;
    return this.take();
  }

  /** Takes what was sent since the last look. */
  take(): SentDatagram[] {
    return this.recorder.sent.splice(0);
  }

  /** Takes the events of one kind. */
  events<T extends TunnelEvent['type']>(type: T): Extract<TunnelEvent, { type: T }>[] {
    return this.recorder.events.filter(
      (event): event is Extract<TunnelEvent, { type: T }> => event.type === type,
    );
  }
}

/** The Neighbor Discovery message in a datagram, or null. */
export function messageIn(datagram: { readonly payload: Uint8Array }): NdMessage | null {
  const parsed = parseNd(datagram.payload, 0, datagram.payload.length);
  return parsed.ok ? parsed.value : null;
}

/** Whether a datagram holds a packet of an application: it is neither empty nor Neighbor Discovery. */
export function isData(datagram: { readonly payload: Uint8Array }): boolean {
  return datagram.payload.length > 0 && messageIn(datagram) === null;
}

/** The Neighbor Solicitations among datagrams, with where they went. */
export function solicitations(
  sent: readonly SentDatagram[],
): (NeighborSolicitation & { readonly to: string; readonly bytes: Uint8Array })[] {
  return sent.flatMap((datagram) => {
    const message = messageIn(datagram);
    return message?.type === 'neighbor-solicitation'
      ? [{ ...message, to: datagram.to, bytes: datagram.payload }]
      : [];
  });
}

/** The answer of a well-behaved remote to a solicitation, or that with other properties. */
export function advertisementFor(
  solicitation: NeighborSolicitation,
  overrides: {
    readonly nonce?: Uint8Array | null;
    readonly target?: Uint8Array;
    readonly solicited?: boolean;
  } = {},
): Uint8Array {
  const solicitedNonce = findOption(solicitation.options, 'nonce')?.nonce ?? null;
  const nonce = overrides.nonce === undefined ? solicitedNonce : overrides.nonce;
  return buildNd({
    type: 'neighbor-advertisement',
    source: solicitation.target,
    destination: solicitation.source,
    router: false,
    solicited: overrides.solicited ?? true,
    override: true,
    target: overrides.target ?? solicitation.target,
    options: nonce === null ? [] : [{ type: 'nonce', nonce }],
  });
}

/** Builds a remote's solicitation of our address. */
export function solicitationFrom(
  remote: string,
  nonce: Uint8Array | null = Uint8Array.of(1, 2, 3, 4, 5, 6),
): Uint8Array {
  return buildNd({
    type: 'neighbor-solicitation',
    source: parseIPv6(remote),
    destination: parseIPv6(OWN),
    target: parseIPv6(OWN),
    options: nonce === null ? [] : [{ type: 'nonce', nonce }],
  });
}

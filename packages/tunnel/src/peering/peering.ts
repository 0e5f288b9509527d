import type { AddressLayout, UdpEndpoint } from '@6bed4/codec';
import type { NeighborAdvertisement, Redirect } from '@6bed4/nd';
import type { Offer } from '../discovery/discovery.js';
import type { DropCode } from '../report/drop.js';
import type { PathCode, ProofCode } from '../report/path.js';
import type { RemoteKey, Remotes } from './remotes.js';
import type { PolicyCode } from './trafficClassPolicy.js';

/** The name of a strategy, as users choose it. */
export type PeeringName = 'via-router' | 'neighbor-discovery' | 'probe-and-seen';

/** Where a packet of the local side goes. */
export const Route = {
  /** To the router of its source address. */
  router: 0,
  /** Straight to the remote, at the endpoint in the columns of {@link Remotes}. */
  direct: 1,
  /** Nowhere: its sender is told that the remote cannot be reached. */
  refused: 2,
} as const;

/** One of the numbers in {@link Route}. */
export type RouteCode = (typeof Route)[keyof typeof Route];

/** What a strategy needs of its peer. */
export interface PeeringHost {
  readonly layout: AddressLayout;
  readonly remotes: Remotes;
  /** Numbers in [0, 1) that strangers cannot foresee. */
  readonly random: () => number;

  /**
   * Sends bytes of our own, from their beginning, straight to an endpoint.
   *
   * @param length - 0 for a probe
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
  send(to: Readonly<UdpEndpoint>, bytes: Uint8Array, length: number, ttl: number): void;

  /** Whether a node can be at an endpoint, and we may talk to it. */
  accepts(endpoint: Readonly<UdpEndpoint>): boolean;

  /** Whether an IPv6 address, 16 bytes, is ours. */
  isOwn(address: Uint8Array): boolean;

  /** Whether we have this public IPv4 address too, as int32: the remote is behind the same NAT. */
  sharesPublicAddress(addressBits: number): boolean;

  /**
   * Our own IPv6 address for talking to a remote: one in its /64 if we have it.
   *
   * @returns 16 bytes and our endpoint under that address, or null while we have none
   */
  ownAddressFor(
    slot: number,
  ): { readonly address: Uint8Array; readonly endpoint: Readonly<UdpEndpoint> } | null;

  /** Tells users that packets to a remote take this path from now on, if that is news. */
  pathChanged(slot: number, path: PathCode, proof: ProofCode): void;
}

/**
 * Decides which packets leave the router's path and go straight to the remote's own endpoint. One
 * object per peer, chosen by dialect and option; what it learnt about paths lies in {@link Remotes}
 * and in columns of its own. Is asked only about remotes that have an endpoint which may be sent to.
 * What runs for every packet must not allocate.
 */
export interface Peering {
  /** The name under which users choose and see this strategy. */
  readonly name: PeeringName;

  /**
   * A slot of {@link Remotes} was taken.
   *
   * @param invited - whether the remote's address says that it can always be reached directly
   */
  met(slot: number, invited: boolean, now: number): void;

  /** A slot is given back. */
  forgotten(slot: number): void;

  /**
   * Where this packet goes now. Runs for every packet; may change its traffic class and its source.
   *
   * @param bytes - buffer with the IPv6 packet, its destination the remote
   * @param policy - what its sender wants, or null for what the packet itself may say
   * @param now - milliseconds
   */
  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    policy: PolicyCode | null,
    now: number,
  ): RouteCode;

  /**
   * An application wants this packet straight to the remote, though the path is not proved, and will
   * send it again otherwise (draft-03 §8.7).
   *
   * @returns a number that names the play, or 0 when the packet goes its usual way
   */
  play(slot: number, now: number): number;

  /** The application received the answer to a play; false when that proves nothing any more. */
  playAnswered(play: number, now: number): boolean;

  /** An acceptable packet arrived from a remote; `via` tells how. */
  packetArrived(
    slot: number,
    via: PathCode,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void;

  /** A valid Neighbor Solicitation came straight from a remote and was answered. */
  solicited(slot: number, from: Readonly<UdpEndpoint>, now: number): void;

  /** A valid Neighbor Advertisement came straight from this endpoint. */
  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /** A valid Redirect of `length` bytes came straight from this endpoint. */
  redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /**
   * A valid Router Advertisement came straight from somebody who is no router of ours: how a remote
   * sees us (draft-04 §7.7).
   */
  prefixOffered(
    offer: Offer,
    nonce: Uint8Array | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /** Whether an address is the one under which a remote sees us, and us only it (draft-04 §7.7). */
  ownsBound(slot: number, bytes: Uint8Array, at: number): boolean;

  /** An empty datagram came straight from this endpoint (draft-04 §7.2). */
  probed(from: Readonly<UdpEndpoint>, now: number): void;

  /** Our own addresses changed: what was proved before proves nothing now. */
  networkChanged(now: number): void;

  /** A time asked for by {@link Peering.nextTimeout} has come. */
  handleTimeout(now: number): void;

  /** When {@link Peering.handleTimeout} wants to run, in milliseconds; `Infinity` for never. */
  nextTimeout(): number;
}

/** How remotes are told apart, and how a strategy is made. */
export interface PeeringKind {
  readonly name: PeeringName;
  readonly key: RemoteKey;
  readonly make: (host: PeeringHost) => Peering;
}

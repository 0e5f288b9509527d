import type { AddressLayout, PeeringName, UdpEndpoint } from '@6bed4/codec';
import type { NeighborAdvertisement, Redirect } from '@6bed4/nd';
import type { Offer } from '../discovery/discovery.js';
import type { DropCode } from '../report/drop.js';
import type { PathChanged } from '../report/events.js';
import type { RemoteKey, Remotes, SlotOwner } from './remotes.js';
import type { PolicyCode } from './trafficClassPolicy.js';

/** The next hop of a packet of the local side. */
export const NextHop = {
  /** The router of its source address, which relays it. */
  router: 0,
  /** The remote itself, at the endpoint of its direct path. */
  direct: 1,
  /** None: its sender gets an error, since the remote cannot be reached. */
  unreachable: 2,
} as const;

/** One of the numbers in {@link NextHop}. */
export type NextHopCode = (typeof NextHop)[keyof typeof NextHop];

/** An address of our own, 16 bytes, and our endpoint under it. */
export interface OwnAddress {
  readonly address: Uint8Array;
  readonly endpoint: Readonly<UdpEndpoint>;
}

/** The advertisement that answers a solicitation, ready to be sent. */
export interface SolicitedAnswer {
  readonly length: number;
  readonly send: () => void;
}

/** The services of a peer to its path finder and the strategy in it. */
export interface PeeringHost {
  readonly layout: AddressLayout;
  /** Numbers in [0, 1) that attackers cannot predict. */
  readonly random: () => number;

  /**
   * Sends bytes of our own, from their beginning, directly to an endpoint.
   *
   * @param length - 0 for a probe
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
  send(to: Readonly<UdpEndpoint>, bytes: Uint8Array, length: number, ttl: number): void;

  /** Whether a node can be at an endpoint, and we may talk to it. */
  accepts(endpoint: Readonly<UdpEndpoint>): boolean;

  /** Whether an address that encodes this endpoint is one of ours, or the endpoint is. */
  isOurselves(bytes: Uint8Array, at: number, endpoint: Readonly<UdpEndpoint>): boolean;

  /** Whether an IPv6 address, 16 bytes, is ours. */
  isOwn(address: Uint8Array): boolean;

  /** Whether we have this public IPv4 address too, as int32: the remote is behind the same NAT. */
  sharesPublicAddress(addressBits: number): boolean;

  /** Whether a host with this IPv4 address, int32, can be on our local network. */
  isOnLocalSubnet(addressBits: number): boolean;

  /** Whether the lower half of the IPv6 address at `offset` may be read as an endpoint. */
  isInterpretable(bytes: Uint8Array, offset: number): boolean;

  /** Whether an interpretable address says that its holder can always be reached directly. */
  isInvitation(bytes: Uint8Array, offset: number): boolean;

  /**
   * Our own IPv6 address for talking to the one given, 16 bytes: one under its subnet prefix if we have
   * it, or null while we have none.
   */
  ownAddressFor(remote: Uint8Array): OwnAddress | null;

  /**
   * Whether our address at `offset` encodes the same endpoint as {@link ownAddressFor}. For every packet.
   *
   * @param remotes - buffer with the address of the remote
   * @param at - offset of that
   */
  isSourceFor(remotes: Uint8Array, at: number, bytes: Uint8Array, offset: number): boolean;

  /**
   * Remotes that were sending do so no more: send the routers something, in case a NAT dropped our mapping.
   *
   * @param mayAsk - whether to solicit them, rather than to send keepalives
   */
  silence(mayAsk: boolean, now: number): void;

  /** A packet came from or goes to a remote that the table has no place for. */
  remoteRefused(): void;

  /** Packets to a remote take another path from now on. */
  pathChanged(change: Omit<PathChanged, 'type'>): void;
}

/**
 * A strategy that decides which packets leave the relayed path and go directly to the remote's own
 * endpoint. There is one object per peer, chosen by dialect and option; it writes what it learns about
 * paths by the methods of {@link Remotes}, and the rest in columns of its own. It is consulted only about
 * remotes that have an endpoint which may be sent to. What runs for every packet must not allocate.
 */
export interface Peering extends SlotOwner {
  /** The name under which users choose and see this strategy. */
  readonly name: PeeringName;

  /**
   * A slot of {@link Remotes} was taken.
   *
   * @param isInvitation - whether the remote's address says that it can always be reached directly
   */
  created(slot: number, isInvitation: boolean, now: number): void;

  /**
   * Chooses the next hop of this packet. Runs for every packet; may change its traffic class and its
   * source.
   *
   * @param bytes - buffer with the IPv6 packet, its destination the remote
   * @param policy - the policy that its sender requests, or null for that of the packet itself
   * @param now - milliseconds
   */
  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    policy: PolicyCode | null,
    now: number,
  ): NextHopCode;

  /**
   * Whether packets like the last one to a remote, for which its sender requested no policy, have the same next
   * hop again, and {@link route} would do nothing else. They begin no handshake.
   *
   * @param isDirect - whether the last one went directly
   */
  routesAlike(slot: number, isDirect: boolean, now: number): boolean;

  /**
   * An application wants this packet sent directly to the remote, though the path is not confirmed, and
   * will send it again otherwise (draft-03 §8.7).
   *
   * @returns a number that names the send, or 0 when the packet takes its usual path
   */
  sendOpportunistic(slot: number, now: number): number;

  /** The application received the reply to such a packet; false when that confirms nothing any more. */
  replyReported(send: number, now: number): boolean;

  /**
   * An acceptable packet arrived from a remote.
   *
   * @param isDirect - whether it came without a router between
   */
  packetArrived(
    slot: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void;

  /**
   * Whether {@link packetArrived} does nothing more with packets like the last one of a remote than to change
   * their traffic class as that of the last one.
   *
   * @param offset - of the next packet, as it came
   */
  arrivesAlike(
    slot: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    now: number,
  ): boolean;

  /**
   * A valid Neighbor Solicitation came directly from a remote, or, `isOnLan`, from a private endpoint where
   * it can be, with a nonce. Its bytes are in the remote's credit already, which also pays for the answer.
   *
   * @returns whether it was answered
   */
  solicited(
    slot: number,
    isOnLan: boolean,
    from: Readonly<UdpEndpoint>,
    answer: SolicitedAnswer,
    now: number,
  ): boolean;

  /** Whether a remote is being looked for at this private endpoint, and may send from there. */
  isOnTrial(slot: number, from: Readonly<UdpEndpoint>, now: number): boolean;

  /** A valid Neighbor Advertisement came directly from this endpoint. */
  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /** A valid Redirect of `length` bytes came directly from this endpoint. */
  redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /**
   * A valid Router Advertisement came directly from an endpoint that is no router of ours: a remote
   * says how it sees us (draft-04 §7.7).
   */
  prefixOffered(
    offer: Offer,
    nonce: Uint8Array | null,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode;

  /** Whether an address is the one under which a remote sees us, and us only it (draft-04 §7.7). */
  ownsBound(slot: number, bytes: Uint8Array, at: number): boolean;

  /** An empty datagram came directly from this endpoint (draft-04 §7.2). */
  probed(from: Readonly<UdpEndpoint>, now: number): void;

  /**
   * A remote that was sending does so no more. If a NAT of ours dropped the mapping to it, a packet from us
   * restores that.
   */
  remoteSilent(slot: number, now: number): void;

  /** Our own addresses changed: no confirmation holds any more. */
  networkChanged(now: number): void;

  /** Our local network changed: what is not on it any more is not reached there. */
  localSubnetsChanged(): void;

  /** The time returned by {@link Peering.nextTimeout} has come. */
  handleTimeout(now: number): void;

  /** Time at which to call {@link Peering.handleTimeout}, in milliseconds; `Infinity` for never. */
  nextTimeout(): number;
}

/** A strategy to be made, and the key of its remotes. */
export interface PeeringKind {
  readonly name: PeeringName;
  readonly key: RemoteKey;
  readonly make: (host: PeeringHost, remotes: Remotes) => Peering;
}

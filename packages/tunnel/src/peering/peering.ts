import type { UdpEndpoint } from '@6bed4/codec';
import type { NeighborAdvertisement } from '@6bed4/nd';

/**
 * Decides which packets leave the router's path and go straight to the remote's own endpoint. One
 * object per peer, chosen by dialect and option; everything learnt about paths lives in it. The peer
 * asks it only about remotes that have an endpoint which may be sent to.
 */
export interface Peering {
  /** The name under which users choose and see this strategy. */
  readonly name: string;

  /**
   * Whether this packet goes to the remote's direct endpoint now. Runs for every packet: must not
   * allocate.
   *
   * @param bytes - buffer with the IPv6 packet, its destination the remote
   * @param to - the remote's direct endpoint; the caller writes it over afterwards
   * @param now - milliseconds
   */
  goesDirect(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    now: number,
  ): boolean;

  /** An acceptable frame arrived straight from the remote at this endpoint. Must not allocate. */
  directFrameArrived(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void;

  /** A valid Neighbor Advertisement arrived straight from this endpoint. */
  neighborAdvertisementArrived(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void;

  /** A time asked for by {@link Peering.nextTimeout} has come. */
  handleTimeout(now: number): void;

  /** When {@link Peering.handleTimeout} wants to run, in milliseconds; `Infinity` for never. */
  nextTimeout(): number;
}

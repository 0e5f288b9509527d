import type { UdpEndpoint } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import type { PrefixInformation } from './offeredPrefix.js';

/** The part of a Router Advertisement that describes the peer itself. */
export interface Offer {
  /** 16 bytes: the peer's address with lanip 0. */
  readonly base: Uint8Array;
  /** The peer's endpoint as the router sees it. */
  readonly endpoint: Readonly<UdpEndpoint>;
  /** The option that offers the address or, with a valid lifetime of 0, takes it back. */
  readonly prefix: Pick<PrefixInformation, 'validLifetime' | 'preferredLifetime'>;
}

/**
 * The way of a dialect to put a peer's endpoint into a Router Advertisement: in the prefix (draft00,
 * draft03, draft04) or in the destination of the advertisement (draft01).
 */
export interface Discovery {
  /** Whether a corrective advertisement retracts the false prefix (draft-03 §6). */
  readonly retracts: boolean;
  /** Length in bits of the prefix that is advertised. */
  readonly prefixLength: number;

  /** The prefix advertised to a peer at this endpoint; 16 bytes. */
  advertisedPrefix(subnetPrefix: Uint8Array, to: Readonly<UdpEndpoint>): Uint8Array;

  /**
   * The IPv6 destination of an advertisement to that endpoint.
   *
   * @param solicitationSource - source of the solicitation, or null for `::` and for a correction
   */
  advertisementDestination(
    solicitationSource: Uint8Array | null,
    to: Readonly<UdpEndpoint>,
  ): Uint8Array;

  /**
   * Reads the offers from an advertisement that passed all other checks, in their order; none where there
   * is none that this dialect can use.
   */
  readOffers(advertisement: RouterAdvertisement): Offer[];
}

import { isIPv6LinkLocal, isIPv6LinkLocalMulticast, sameIPv6Address } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import type { Discovery, Offer } from '../discovery/discovery.js';

/**
 * Reads the offer from a Router Advertisement that a peer may accept, once that passed RFC 4861 §6.1.2:
 * it was sent by `fe80::` to this link, without DHCPv6 (draft-04 §3.2, M=0), and has an on-link,
 * autonomous prefix of the dialect's length.
 *
 * @returns the offer, or null to refuse
 */
export function acceptAdvertisement(
  discovery: Discovery,
  advertisement: RouterAdvertisement,
): Offer | null {
  const { source, destination } = advertisement;
  if (!sameIPv6Address(source, 0, ROUTER_LINK_LOCAL, 0)) return null;
  if (!isIPv6LinkLocal(destination, 0) && !isIPv6LinkLocalMulticast(destination, 0)) return null;
  if (advertisement.managed) return null;
  return discovery.readOffer(advertisement);
}

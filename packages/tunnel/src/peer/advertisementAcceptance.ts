import {
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  sameIPv6Address,
  type UdpEndpoint,
} from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { isLinkLocalOf } from '../address/linkLocal.js';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import type { Offer } from '../discovery/discovery.js';
import type { PeerSettings } from './peerOptions.js';

/**
 * Reads the offers from a Router Advertisement that a peer may accept, once that passed RFC 4861 §6.1.2:
 * it was sent to this link by `fe80::`, as all deployed routers do, or by the link-local address of the
 * endpoint that it came from (draft-03 §3, draft-01 §6.2), without DHCPv6 (draft-04 §3.2, M=0), and has
 * on-link, autonomous prefixes of the dialect's length.
 *
 * All else is not looked at, as it changes nothing here: the flags O, H and P, the hop limit, the times and
 * the MTU (which is 1280, draft-01 §6.6), and options of other types.
 *
 * @returns the offers, none to refuse
 */
export function acceptAdvertisement(
  { discovery, profile }: PeerSettings,
  advertisement: RouterAdvertisement,
  from: Readonly<UdpEndpoint>,
): Offer[] {
  const { source, destination, managed } = advertisement;
  const isOfRouter =
    sameIPv6Address(source, 0, ROUTER_LINK_LOCAL, 0) ||
    isLinkLocalOf(profile.layout, source, 0, from);
  const isToLink = isIPv6LinkLocal(destination) || isIPv6LinkLocalMulticast(destination);
  return isOfRouter && isToLink && !managed ? discovery.readOffers(advertisement) : [];
}

import { isIPv6LinkLocal, draft01 as layout, UdpEndpoint } from '@6bed4/codec';
import { copyBytes, type RouterAdvertisement } from '@6bed4/nd';
import type { Discovery, Offer } from './discovery.js';
import { offeredPrefix } from './offeredPrefix.js';

/**
 * draft-01 §4: the router advertises its plain /64, and the peer learns its endpoint from the
 * destination of the advertisement, `fe80::` with the identifier made of what the router saw. An odd
 * port sets the group bit there, which is how the peer knows that it must move to another port.
 */
export const endpointInIdentifier: Discovery = {
  retracts: false,
  prefixLength: layout.prefixLength,

  advertisedPrefix(subnetPrefix) {
    return copyBytes(subnetPrefix, 0, 16).fill(0, 8);
  },

  advertisementDestination(_solicitationSource, { address, port }) {
    const destination = new Uint8Array(16);
    destination[0] = 0xfe;
    destination[1] = 0x80;
    layout.writeUnchecked(destination, 0, address, port, 0);
    return destination;
  },

  readOffer(advertisement: RouterAdvertisement): Offer | null {
    const option = offeredPrefix(advertisement, layout.prefixLength);
    if (option === null || !isIPv6LinkLocal(advertisement.destination, 0)) return null;
    const base = copyBytes(option.prefix, 0, 16);
    base.set(advertisement.destination.subarray(8, 16), 8);
    const endpoint = new UdpEndpoint();
    layout.readEndpoint(base, 0, endpoint);
    return { base, endpoint };
  },
};

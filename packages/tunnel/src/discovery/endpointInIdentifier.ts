import { type Dialect, IPV6_ADDRESS_BYTES, sameBytes, UdpEndpoint } from '@6bed4/codec';
import { copyBytes } from '@6bed4/nd';
import { ROUTER_LINK_LOCAL } from '../address/wellKnownAddresses.js';
import type { Discovery, Offer } from './discovery.js';
import { offeredPrefixes } from './offeredPrefix.js';

/** Offset of the interface identifier. */
const IDENTIFIER = 8;

/**
 * draft-01 §4: the router advertises its plain /64, and the peer learns its endpoint from the
 * destination of the advertisement, `fe80::` with the identifier made of what the router saw. An odd
 * port sets the group bit there, which is how the peer knows that it must move to another port.
 */
export function endpointInIdentifier({ layout, retracts }: Dialect): Discovery {
  return {
    retracts,
    prefixLength: layout.prefixLength,

    advertisedPrefix(subnetPrefix) {
      return copyBytes(subnetPrefix);
    },

    advertisementDestination(_solicitationSource, { address, port }) {
      const destination = new Uint8Array(16);
      layout.writeLinkLocal(destination, 0, address, port);
      return destination;
    },

    readOffers(advertisement): Offer[] {
      const { destination } = advertisement;
      if (!isOfIdentifier(destination)) return [];
      return offeredPrefixes(advertisement, layout.prefixLength).map((prefix) => {
        const base = copyBytes(prefix.prefix);
        base.set(destination.subarray(IDENTIFIER, IPV6_ADDRESS_BYTES), IDENTIFIER);
        const endpoint = new UdpEndpoint();
        layout.readEndpoint(base, 0, endpoint);
        return { base, endpoint, prefix };
      });
    },
  };
}

/** Whether an address is in fe80::/64 with ff,fe in the middle of its identifier (draft-01 §6.6). */
function isOfIdentifier(address: Uint8Array): boolean {
  return (
    sameBytes(address, 0, ROUTER_LINK_LOCAL, 0, IDENTIFIER) &&
    address[IDENTIFIER + 3] === 0xff &&
    address[IDENTIFIER + 4] === 0xfe
  );
}

import { type Dialect, UdpEndpoint } from '@6bed4/codec';
import { copyBytes } from '@6bed4/nd';
import { ALL_NODES } from '../address/wellKnownAddresses.js';
import { ROUTER_LANIP } from '../specification.js';
import type { Discovery, Offer } from './discovery.js';
import { offeredPrefixes } from './offeredPrefix.js';

/**
 * draft-00, draft-03 §4 and draft-04 §3.2: the advertised /112 or /114 itself encodes the endpoint
 * that the router saw. The advertisement goes to the source of the solicitation, or to all nodes
 * where that was `::` or where there was none.
 */
export function endpointInPrefix(dialect: Dialect): Discovery {
  const { layout, retracts } = dialect;
  return {
    retracts,
    prefixLength: layout.prefixLength,

    advertisedPrefix(subnetPrefix, { address, port }) {
      const prefix = copyBytes(subnetPrefix);
      layout.writeEndpoint(prefix, 0, address, port, ROUTER_LANIP);
      return prefix;
    },

    advertisementDestination(solicitationSource) {
      return solicitationSource ?? ALL_NODES;
    },

    readOffers(advertisement): Offer[] {
      const offers: Offer[] = [];
      for (const prefix of offeredPrefixes(advertisement, layout.prefixLength)) {
        const base = copyBytes(prefix.prefix);
        const endpoint = new UdpEndpoint();
        layout.readEndpoint(base, 0, endpoint);
        if (!layout.isOpaque(base, 0)) offers.push({ base, endpoint, prefix });
      }
      return offers;
    },
  };
}

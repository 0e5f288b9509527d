import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { buildUdp } from '@6bed4/nd';

const HEADERS = 48;
const PREFIX = 'fc64:bed:c633:6401::/64';
const LANIP = 1;
const APPLICATION_PORT = 5060;

const addressOf = (peer) => parseIPv6(encodeAddress({ prefix: PREFIX, peer, lanip: LANIP }));

/** An IPv6 packet of `size` bytes from the peer at one UDP endpoint to the peer at another. */
export function frameBetween(from, to, size) {
  return buildUdp({
    source: addressOf(from),
    destination: addressOf(to),
    sourcePort: APPLICATION_PORT,
    destinationPort: APPLICATION_PORT,
    payload: new Uint8Array(size - HEADERS),
    hopLimit: 64,
  });
}

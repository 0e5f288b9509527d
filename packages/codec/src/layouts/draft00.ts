import { type AddressLayout, checkEndpoint } from './layout.js';
import { readLinkLayerAddress, readLinkLayerPort, writeLinkLayer } from './linkLayer.js';
import { writeLinkLocalPrefix } from './linkLocal.js';

/*
 * draft-vanrein-v6ops-6bed4-00:
 *
 *   0                                64              96      112     128
 *   +--------------------------------+---------------+-------+-------+
 *   |             prefix             |  IPv4 address |  port |  iid  |
 *   +--------------------------------+---------------+-------+-------+
 */
const IPV4 = 8;
const PORT = 12;
const IID = 14;

/** The IPv4 address as int32: unlike a uint32, such a result is never boxed. */
function ipv4At(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset + IPV4]! << 24) |
    (bytes[offset + IPV4 + 1]! << 16) |
    (bytes[offset + IPV4 + 2]! << 8) |
    bytes[offset + IPV4 + 3]!
  );
}

/** The layout of draft-00 (2011); its "lanip" is the 16-bit interface id, 0 being the router's. */
export const draft00: AddressLayout = Object.freeze<AddressLayout>({
  name: 'draft00',
  prefixLength: 112,
  maxLanip: 0xffff,
  endpointMask: [-1, 0xffff_0000 | 0],

  isOpaque() {
    return false;
  },

  readAddress(bytes, offset) {
    return ipv4At(bytes, offset) >>> 0;
  },

  readPort(bytes, offset) {
    return (bytes[offset + PORT]! << 8) | bytes[offset + PORT + 1]!;
  },

  readEndpoint(bytes, offset, into) {
    into.address = ipv4At(bytes, offset);
    into.port = (bytes[offset + PORT]! << 8) | bytes[offset + PORT + 1]!;
  },

  readLanip(bytes, offset) {
    return (bytes[offset + IID]! << 8) | bytes[offset + IID + 1]!;
  },

  matchesEndpoint(bytes, offset, endpoint) {
    return (
      ipv4At(bytes, offset) === endpoint.addressBits &&
      draft00.readPort(bytes, offset) === endpoint.port
    );
  },

  writeEndpoint(bytes, offset, address, port, lanip) {
    checkEndpoint(draft00, address, port, lanip);
    draft00.writeUnchecked(bytes, offset, address, port, lanip);
  },

  writeUnchecked(bytes, offset, address, port, lanip) {
    bytes[offset + IPV4] = address >>> 24;
    bytes[offset + IPV4 + 1] = address >>> 16;
    bytes[offset + IPV4 + 2] = address >>> 8;
    bytes[offset + IPV4 + 3] = address;
    bytes[offset + PORT] = port >>> 8;
    bytes[offset + PORT + 1] = port;
    bytes[offset + IID] = lanip >>> 8;
    bytes[offset + IID + 1] = lanip;
  },

  acceptsPort(port) {
    return Number.isInteger(port) && port >= 1 && port <= 0xffff;
  },

  writeLinkLocal(bytes, offset, address, port) {
    writeLinkLocalPrefix(bytes, offset);
    draft00.writeUnchecked(bytes, offset, address, port, 0);
  },

  writeLinkLayer,
  readLinkLayerAddress,
  readLinkLayerPort,
});

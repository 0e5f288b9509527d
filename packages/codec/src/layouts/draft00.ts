import { readInt32, readUint16, readUint32, writeUint16, writeUint32 } from '../bytes/bigEndian.js';
import { type AddressLayout, checkEndpoint, isPort } from './layout.js';
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

/** The layout of draft-00 (2011); its "lanip" is the 16-bit interface id, 0 being the router's. */
export const draft00: AddressLayout = Object.freeze<AddressLayout>({
  name: 'draft00',
  prefixLength: 112,
  hasLanip: true,
  maxLanip: 0xffff,
  evenPorts: false,
  endpointMask: [-1, 0xffff_0000 | 0],

  isOpaque() {
    return false;
  },

  readAddress(bytes, offset) {
    return readUint32(bytes, offset + IPV4);
  },

  readPort(bytes, offset) {
    return readUint16(bytes, offset + PORT);
  },

  readEndpoint(bytes, offset, into) {
    into.address = readInt32(bytes, offset + IPV4);
    into.port = readUint16(bytes, offset + PORT);
  },

  readLanip(bytes, offset) {
    return readUint16(bytes, offset + IID);
  },

  matchesEndpoint(bytes, offset, endpoint) {
    return (
      readInt32(bytes, offset + IPV4) === endpoint.addressBits &&
      readUint16(bytes, offset + PORT) === endpoint.port
    );
  },

  writeEndpoint(bytes, offset, address, port, lanip) {
    checkEndpoint(draft00, address, port, lanip);
    writeUnchecked(bytes, offset, address, port, lanip);
  },

  writeUnchecked,

  acceptsPort: isPort,

  writeLinkLocal(bytes, offset, address, port) {
    writeLinkLocalPrefix(bytes, offset);
    writeUnchecked(bytes, offset, address, port, 0);
  },

  writeLinkLayer,
  readLinkLayerAddress,
  readLinkLayerPort,
});

function writeUnchecked(
  bytes: Uint8Array,
  offset: number,
  address: number,
  port: number,
  lanip: number,
): void {
  writeUint32(bytes, offset + IPV4, address);
  writeUint16(bytes, offset + PORT, port);
  writeUint16(bytes, offset + IID, lanip);
}

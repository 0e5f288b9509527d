import { type AddressLayout, checkEndpoint, isPort } from './layout.js';
import { readLinkLayerAddress, readLinkLayerPort, writeLinkLayer } from './linkLayer.js';
import { writeLinkLocalPrefix } from './linkLocal.js';

/*
 * draft-vanrein-v6ops-6bed4-01: the link-layer address as a modified EUI-64 (RFC 2464 §4).
 *
 *   64         72         80      88      96      104     112     128
 *   +----------+----------+-------+-------+-------+-------+-------+
 *   | port low | port high| IPv4  |  ff   |  fe   |   IPv4 [1..3] |
 *   |  xor 02  |          |  [0]  |       |       |               |
 *   +----------+----------+-------+-------+-------+-------+-------+
 */
const PORT_LOW = 8;
const PORT_HIGH = 9;
const IPV4_FIRST = 10;
const FILLER = 11;
const IPV4_REST = 13;
const UNIVERSAL_LOCAL_BIT = 0x02;
const GROUP_BIT = 0x01;

/** The IPv4 address as int32: unlike a uint32, such a result is never boxed. */
function ipv4At(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset + IPV4_FIRST]! << 24) |
    (bytes[offset + IPV4_REST]! << 16) |
    (bytes[offset + IPV4_REST + 1]! << 8) |
    bytes[offset + IPV4_REST + 2]!
  );
}

function portAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + PORT_LOW]! ^ UNIVERSAL_LOCAL_BIT) | (bytes[offset + PORT_HIGH]! << 8);
}

/**
 * The layout of draft-01 (2012). An odd port sets the group bit: such a lower half is not the address
 * of a node, so it counts as opaque. The two bytes in the middle are not looked at, since a peer that
 * routes for a network may vary them.
 */
export const draft01: AddressLayout = Object.freeze<AddressLayout>({
  name: 'draft01',
  prefixLength: 64,
  hasLanip: false,
  maxLanip: 0,
  evenPorts: true,
  endpointMask: [0xffff_ff00 | 0, 0x00ff_ffff],

  isOpaque(bytes, offset) {
    return (bytes[offset + PORT_LOW]! & GROUP_BIT) !== 0;
  },

  readAddress(bytes, offset) {
    return ipv4At(bytes, offset) >>> 0;
  },

  readPort: portAt,

  readEndpoint(bytes, offset, into) {
    into.address = ipv4At(bytes, offset);
    into.port = portAt(bytes, offset);
  },

  readLanip() {
    return 0;
  },

  matchesEndpoint(bytes, offset, endpoint) {
    return (
      !draft01.isOpaque(bytes, offset) &&
      ipv4At(bytes, offset) === endpoint.addressBits &&
      portAt(bytes, offset) === endpoint.port
    );
  },

  writeEndpoint(bytes, offset, address, port, lanip) {
    checkEndpoint(draft01, address, port, lanip);
    writeUnchecked(bytes, offset, address, port);
  },

  writeUnchecked,

  acceptsPort(port) {
    return isPort(port) && port % 2 === 0;
  },

  writeLinkLocal(bytes, offset, address, port) {
    writeLinkLocalPrefix(bytes, offset);
    writeUnchecked(bytes, offset, address, port);
  },

  writeLinkLayer,
  readLinkLayerAddress,
  readLinkLayerPort,
});

function writeUnchecked(bytes: Uint8Array, offset: number, address: number, port: number): void {
  bytes[offset + PORT_LOW] = port ^ UNIVERSAL_LOCAL_BIT;
  bytes[offset + PORT_HIGH] = port >>> 8;
  bytes[offset + IPV4_FIRST] = address >>> 24;
  bytes[offset + FILLER] = 0xff;
  bytes[offset + FILLER + 1] = 0xfe;
  bytes[offset + IPV4_REST] = address >>> 16;
  bytes[offset + IPV4_REST + 1] = address >>> 8;
  bytes[offset + IPV4_REST + 2] = address;
}

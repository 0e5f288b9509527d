import { writeUint16, writeUint32 } from '../bytes/bigEndian.js';
import { type AddressLayout, checkEndpoint, isPort } from './layout.js';
import { readLinkLayerAddress, readLinkLayerPort, writeLinkLayer } from './linkLayer.js';
import { writeLinkLocalPrefix } from './linkLocal.js';

/*
 * draft-vanrein-6bed4-03 §3, draft-04 §3.1:
 *
 *   64       70   72               96       112         114      128
 *   +--------+----+----------------+--------+-----------+--------+
 *   |  IPv4  | 00 |      IPv4      |  port  |    IPv4   | lanip  |
 *   | [0..5] |    |    [8..31]     |        |   [6..7]  |        |
 *   +--------+----+----------------+--------+-----------+--------+
 *
 * Bits 70 and 71 are the EUI-64 flags universal/local and individual/group.
 */
const IPV4_FIRST = 8;
const IPV4_REST = 9;
const PORT = 12;
const TAIL = 14;
const FLAG_BITS = 0x03;
const LANIP_HIGH_BITS = 0x3f;
/** Where the link-scoped form of draft-03 §3 has IPv4 address and port. */
const LINK_SCOPED_IPV4 = 10;
const LINK_SCOPED_PORT = 14;

/** The IPv4 address as int32: unlike a uint32, such a result is never boxed. */
function ipv4At(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset + IPV4_FIRST]! & ~FLAG_BITS) << 24) |
    ((bytes[offset + TAIL]! >>> 6) << 24) |
    (bytes[offset + IPV4_REST]! << 16) |
    (bytes[offset + IPV4_REST + 1]! << 8) |
    bytes[offset + IPV4_REST + 2]!
  );
}

function portAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + PORT]! << 8) | bytes[offset + PORT + 1]!;
}

function isOpaque(bytes: Uint8Array, offset: number): boolean {
  return (bytes[offset + IPV4_FIRST]! & FLAG_BITS) !== 0;
}

/** The layout of draft-02, -03 and -04 (2014–2020). */
export const draft03: AddressLayout = Object.freeze<AddressLayout>({
  name: 'draft03',
  prefixLength: 114,
  hasLanip: true,
  maxLanip: 0x3fff,
  evenPorts: false,
  endpointMask: [-1, 0xffff_c000 | 0],

  isOpaque,

  readAddress(bytes, offset) {
    return ipv4At(bytes, offset) >>> 0;
  },

  readPort: portAt,

  readEndpoint(bytes, offset, into) {
    into.address = ipv4At(bytes, offset);
    into.port = portAt(bytes, offset);
  },

  readLanip(bytes, offset) {
    return ((bytes[offset + TAIL]! & LANIP_HIGH_BITS) << 8) | bytes[offset + TAIL + 1]!;
  },

  matchesEndpoint(bytes, offset, endpoint) {
    return (
      !isOpaque(bytes, offset) &&
      ipv4At(bytes, offset) === endpoint.addressBits &&
      portAt(bytes, offset) === endpoint.port
    );
  },

  writeEndpoint(bytes, offset, address, port, lanip) {
    checkEndpoint(draft03, address, port, lanip);
    writeUnchecked(bytes, offset, address, port, lanip);
  },

  writeUnchecked,

  acceptsPort: isPort,

  writeLinkLocal(bytes, offset, address, port) {
    writeLinkLocalPrefix(bytes, offset);
    writeUint32(bytes, offset + LINK_SCOPED_IPV4, address);
    writeUint16(bytes, offset + LINK_SCOPED_PORT, port);
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
  bytes[offset + IPV4_FIRST] = (address >>> 24) & ~FLAG_BITS;
  bytes[offset + IPV4_REST] = address >>> 16;
  bytes[offset + IPV4_REST + 1] = address >>> 8;
  bytes[offset + IPV4_REST + 2] = address;
  writeUint16(bytes, offset + PORT, port);
  bytes[offset + TAIL] = ((address >>> 24) << 6) | (lanip >>> 8);
  bytes[offset + TAIL + 1] = lanip;
}

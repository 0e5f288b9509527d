import { readUint32, writeUint32 } from '../bytes/bigEndian.js';
/*
 * The link-layer address of an endpoint, as it stands in ND options of every deployed dialect:
 *
 *      0          1          2       3       4       5
 *   +----------+----------+-------+-------+-------+-------+
 *   | port low | port high|           IPv4 address        |
 *   +----------+----------+-------+-------+-------+-------+
 *
 * The low bit of the first byte is Ethernet's group bit, which is why draft-01 has even ports only.
 */

/** Writes the link-layer address of an endpoint, 6 bytes. */
export function writeLinkLayer(
  bytes: Uint8Array,
  offset: number,
  address: number,
  port: number,
): void {
  bytes[offset] = port;
  bytes[offset + 1] = port >>> 8;
  writeUint32(bytes, offset + 2, address);
}

/** The IPv4 address (uint32) in a link-layer address. */
export function readLinkLayerAddress(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + 2);
}

/** The UDP port in a link-layer address. */
export function readLinkLayerPort(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8);
}

import { isIPv6 } from 'node:net';
import { parseIPv6 } from '@6bed4/codec';

/** The 12 bytes that no other protocol starts with. */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const VERSION_2_PROXY = 0x21;
const TCP_OVER_IPV6 = 0x21;
const ADDRESS_BYTES = 16;
const ADDRESSES_BYTES = 2 * ADDRESS_BYTES + 4;

/** One end of a connection over IPv6. */
export interface End {
  readonly address: string;
  readonly port: number;
}

/**
 * The header of the PROXY protocol, version 2 (§2.2 of its specification), that tells a service who has
 * connected.
 *
 * ```text
 * +-----------+-----+-----+--------+----------+----------+----------+----------+
 * | signature | ver | fam | length | src addr | dst addr | src port | dst port |
 * +-----------+-----+-----+--------+----------+----------+----------+----------+
 * |    12     |  1  |  1  |   2    |    16    |    16    |    2     |    2     |
 * +-----------+-----+-----+--------+----------+----------+----------+----------+
 * ```
 *
 * @param source - who has connected, with an IPv6 address
 * @param destination - to where
 */
export function proxyHeader(source: End, destination: End): Buffer {
  const header = Buffer.alloc(SIGNATURE.length + 4 + ADDRESSES_BYTES);
  SIGNATURE.copy(header);
  let offset = header.writeUInt8(VERSION_2_PROXY, SIGNATURE.length);
  offset = header.writeUInt8(TCP_OVER_IPV6, offset);
  offset = header.writeUInt16BE(ADDRESSES_BYTES, offset);
  for (const { address } of [source, destination]) {
    if (isIPv6(address)) header.set(parseIPv6(address), offset);
    offset += ADDRESS_BYTES;
  }
  offset = header.writeUInt16BE(source.port, offset);
  header.writeUInt16BE(destination.port, offset);
  return header;
}

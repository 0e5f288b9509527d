import { IPV6_ADDRESS_BYTES, parseIPv4, parseIPv6, writeUint32 } from '@6bed4/codec';

const MAPPED_PREFIX_OFFSET = 8;
const MAPPED_PREFIX = 0x0000_ffff;
const IPV4_OFFSET = 12;

/**
 * An address as the 16 bytes that RFC 6724 §2 compares, IPv4 as `::ffff:a.b.c.d`. A zone (`%eth0`) has
 * no influence on the order.
 *
 * @throws InvalidArgumentError for anything but an address
 */
export function addressBytes(text: string, option = 'address'): Uint8Array {
  if (text.includes(':')) return parseIPv6(text.replace(/%.*$/, ''), option);
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  writeUint32(bytes, MAPPED_PREFIX_OFFSET, MAPPED_PREFIX);
  writeUint32(bytes, IPV4_OFFSET, parseIPv4(text, option));
  return bytes;
}

/** The number of leading bits that two addresses share (RFC 6724 §2.2), counted from the bit `from`. */
export function commonPrefixLength(a: Uint8Array, b: Uint8Array, from = 0): number {
  for (let index = from >>> 3; index < a.length; index++) {
    const difference = a[index]! ^ b[index]!;
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24 - from;
  }
  return a.length * 8 - from;
}

import { parseIPv4, parseIPv6 } from '@6bed4/codec';

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/**
 * An address as the 16 bytes that RFC 6724 §2 compares, IPv4 as `::ffff:a.b.c.d`. A zone (`%eth0`)
 * says nothing about its order.
 *
 * @throws InvalidArgumentError when it is no address
 */
export function addressBytes(text: string, option = 'address'): Uint8Array {
  if (text.includes(':')) return parseIPv6(text.replace(/%.*$/, ''), option);
  const ipv4 = parseIPv4(text, option);
  return Uint8Array.of(...MAPPED, ipv4 >>> 24, ipv4 >>> 16, ipv4 >>> 8, ipv4);
}

/** Whether 16 bytes are those of an IPv4 address. */
export function isMapped(bytes: Uint8Array): boolean {
  return MAPPED.every((byte, index) => bytes[index] === byte);
}

/** How many leading bits two addresses share (RFC 6724 §2.2), from the bit `from` on. */
export function commonBits(a: Uint8Array, b: Uint8Array, from = 0): number {
  for (let index = from >>> 3; index < a.length; index++) {
    const difference = a[index]! ^ b[index]!;
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24 - from;
  }
  return a.length * 8 - from;
}

import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { formatIPv6, parseIPv6 } from './ipv6.js';
import { IPV6_ADDRESS_BYTES, sameIPv6Address } from './predicates.js';

/** An IPv6 prefix: 16 bytes, zero beyond `length` bits (0..128). */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Bits of an IPv6 address. */
const ADDRESS_BITS = 128;
const PREFIX = /^([^/]*)\/(0|[1-9][0-9]{0,2})$/;

/** The bits of byte `index` that a prefix of `length` bits covers. */
function maskOf(length: number, index: number): number {
  const covered = Math.min(8, Math.max(0, length - index * 8));
  return (0xff00 >>> covered) & 0xff;
}

/**
 * Reads `address/length`.
 *
 * @param field - name to use in errors
 * @throws InvalidArgumentError also when bits beyond the length are set
 */
export function parsePrefix(text: string, field = 'prefix'): Prefix {
  const parts = PREFIX.exec(text);
  if (parts === null || Number(parts[2]) > ADDRESS_BITS) {
    throw new InvalidArgumentError(
      field,
      JSON.stringify(text),
      'an IPv6 prefix such as 2001:db8::/32',
    );
  }
  const prefix = { bytes: parseIPv6(parts[1]!, field), length: Number(parts[2]) };
  const cleared = clearBeyondPrefix(Uint8Array.from(prefix.bytes), 0, prefix.length);
  if (!sameIPv6Address(cleared, 0, prefix.bytes, 0)) {
    throw new InvalidArgumentError(
      field,
      JSON.stringify(text),
      `no bits set beyond /${prefix.length}`,
    );
  }
  return prefix;
}

/**
 * Clears the bits of the IPv6 address at `offset` beyond its first `length`, which receivers of a
 * prefix ignore (RFC 4861 §4.6.2, RFC 4191 §2.3).
 *
 * @param length - 0..128
 * @returns `bytes`
 */
export function clearBeyondPrefix(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  const whole = length >>> 3;
  if (whole < IPV6_ADDRESS_BYTES) {
    bytes[offset + whole]! &= maskOf(length, whole);
    bytes.fill(0, offset + whole + 1, offset + IPV6_ADDRESS_BYTES);
  }
  return bytes;
}

/** Writes a prefix as `address/length`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIPv6(prefix.bytes)}/${prefix.length}`;
}

/** Whether the IPv6 address at `offset` lies under the prefix. Does not allocate. */
export function prefixContains(prefix: Prefix, bytes: Uint8Array, offset: number): boolean {
  const whole = prefix.length >>> 3;
  for (let index = 0; index < whole; index++) {
    if (bytes[offset + index] !== prefix.bytes[index]) return false;
  }
  if ((prefix.length & 7) === 0) return true;
  const mask = maskOf(prefix.length, whole);
  return (bytes[offset + whole]! & mask) === prefix.bytes[whole];
}

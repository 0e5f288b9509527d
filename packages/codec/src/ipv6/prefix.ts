import { CodecError } from '../arguments/invalidArgumentError.js';
import { formatIPv6, parseIPv6 } from './ipv6.js';

/** An IPv6 prefix: 16 bytes, zero beyond `length` bits (0..128). */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const ADDRESS_BITS = 128;
const LENGTH = /^(?:0|[1-9][0-9]{0,2})$/;

/** The bits of byte `index` that a prefix of `length` bits covers. */
function maskOf(length: number, index: number): number {
  const covered = Math.min(8, Math.max(0, length - index * 8));
  return (0xff00 >>> covered) & 0xff;
}

/**
 * Reads `address/length`.
 *
 * @param field - name to use in errors
 * @throws CodecError also when bits beyond the length are set
 */
export function parsePrefix(text: string, field = 'prefix'): Prefix {
  const slash = text.indexOf('/');
  const length = slash < 0 ? '' : text.slice(slash + 1);
  if (!LENGTH.test(length) || Number(length) > ADDRESS_BITS) {
    throw new CodecError(field, JSON.stringify(text), 'an IPv6 prefix such as 2001:db8::/32');
  }
  const prefix = { bytes: parseIPv6(text.slice(0, slash), field), length: Number(length) };
  for (let index = 0; index < 16; index++) {
    if ((prefix.bytes[index]! & ~maskOf(prefix.length, index)) !== 0) {
      throw new CodecError(field, JSON.stringify(text), `no bits set beyond /${length}`);
    }
  }
  return prefix;
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

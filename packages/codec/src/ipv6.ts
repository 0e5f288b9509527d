import ipaddr from 'ipaddr.js';
import { CodecError } from './errors.js';
import { parseIPv4 } from './ipv4.js';

const ADDRESS_BYTES = 16;
const CHARACTERS = /^[0-9a-fA-F:.]+$/;

/**
 * Reads an IPv6 address in any form of RFC 4291 §2.2, without a zone.
 *
 * @param field - name to use in errors
 * @returns 16 bytes
 * @throws CodecError
 */
export function parseIPv6(text: string, field = 'address'): Uint8Array {
  const refuse = (): never => {
    throw new CodecError(field, JSON.stringify(text), 'an IPv6 address such as 2001:db8::1');
  };
  if (!CHARACTERS.test(text) || !ipaddr.IPv6.isValid(text)) return refuse();
  const dot = text.indexOf('.');
  if (dot >= 0) {
    // The library takes octal and short forms of the embedded IPv4 address; we do not.
    try {
      parseIPv4(text.slice(text.lastIndexOf(':') + 1));
    } catch {
      return refuse();
    }
  }
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/**
 * Writes the IPv6 address at `offset` in the form of RFC 5952.
 *
 * @throws CodecError when fewer than 16 bytes are there
 */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  const address = bytes.subarray(offset, offset + ADDRESS_BYTES);
  if (address.length !== ADDRESS_BYTES) {
    throw new CodecError('address', `${address.length} bytes`, '16 bytes');
  }
  return new ipaddr.IPv6([...address]).toRFC5952String();
}

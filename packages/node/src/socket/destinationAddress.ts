import { isIPv6 } from 'node:net';
import { parseIPv6 } from '@6bed4/codec';
import { sameBytes } from './bytes.js';

const ADDRESS_BYTES = 16;
const MULTICAST = 0xff;
const UNSPECIFIED = new Uint8Array(ADDRESS_BYTES);

/** ::1, an address of the tunnel itself. */
export const LOOPBACK: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
export const LOOPBACK_TEXT = '::1';

/** The 16 bytes of an IPv6 address, its zone left out; null for any other text. */
export function readAddress(text: string): Uint8Array | null {
  if (!isIPv6(text)) return null;
  const zone = text.indexOf('%');
  return parseIPv6(zone < 0 ? text : text.slice(0, zone));
}

export function isUnspecified(address: Uint8Array): boolean {
  return sameBytes(address, 0, UNSPECIFIED, 0, ADDRESS_BYTES);
}

/** Whether a destination is ::1, or ::, which means the same. */
export function isLoopback(address: Uint8Array): boolean {
  return (
    sameBytes(address, 0, LOOPBACK, 0, ADDRESS_BYTES - 1) &&
    address[ADDRESS_BYTES - 1]! <= LOOPBACK[ADDRESS_BYTES - 1]!
  );
}

export function isMulticast(address: Uint8Array): boolean {
  return address[0] === MULTICAST;
}

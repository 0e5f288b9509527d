import { isIPv6 } from 'node:net';
import { isIPv6Loopback, isIPv6Unspecified, parseIPv6 } from '@6bed4/codec';

/** ::1, an address of the tunnel itself. */
export const LOOPBACK: Uint8Array = parseIPv6('::1');
export const LOOPBACK_TEXT = '::1';

/** The 16 bytes of an IPv6 address, without its zone; null for any other text. */
export function readAddress(text: string): Uint8Array | null {
  if (!isIPv6(text)) return null;
  const zone = text.indexOf('%');
  return parseIPv6(zone < 0 ? text : text.slice(0, zone));
}

/** Whether a destination is ::1, or ::, which means the same. */
export function isLoopbackDestination(address: Uint8Array): boolean {
  return isIPv6Loopback(address) || isIPv6Unspecified(address);
}

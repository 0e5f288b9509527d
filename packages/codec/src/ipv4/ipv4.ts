import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';

const PART = /^(?:0|[1-9][0-9]{0,2})$/;

/**
 * Reads an IPv4 address in dotted decimals: exactly four parts, no leading zeros (which some read as
 * octal, RFC 6943 §3.1.1), no spaces.
 *
 * @param field - name to use in errors
 * @returns the address as uint32
 * @throws InvalidArgumentError
 */
export function parseIPv4(text: string, field = 'address'): number {
  const parts = text.split('.');
  let address = 0;
  for (const part of parts) {
    const value = PART.test(part) ? Number(part) : 256;
    if (parts.length !== 4 || value > 255) {
      throw new InvalidArgumentError(
        field,
        JSON.stringify(text),
        'an IPv4 address such as 192.0.2.1',
      );
    }
    address = address * 256 + value;
  }
  return address;
}

/** Writes an IPv4 address (uint32) in dotted decimals. */
export function formatIPv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** 0.0.0.0/8, "this network" (RFC 6890). */
export function isIPv4ThisNetwork(address: number): boolean {
  return address >>> 24 === 0;
}

/** 127.0.0.0/8, loopback (RFC 6890). */
export function isIPv4Loopback(address: number): boolean {
  return address >>> 24 === 127;
}

/**
 * Addresses that mean nothing on the public Internet: RFC 1918 (10/8, 172.16/12, 192.168/16), RFC 6598
 * (100.64/10) and link-local 169.254/16 (RFC 3927); "internal addresses" in draft-03 §1.
 */
export function isIPv4Private(address: number): boolean {
  return isIPv4PrivateBlock(address >>> 24, (address >>> 16) & 255);
}

/** As {@link isIPv4Private}, by the first two bytes of an address. */
export function isIPv4PrivateBlock(first: number, second: number): boolean {
  switch (first) {
    case 10:
      return true;
    case 100:
      return (second & 0xc0) === 64;
    case 169:
      return second === 254;
    case 172:
      return (second & 0xf0) === 16;
    case 192:
      return second === 168;
    default:
      return false;
  }
}

/** 224.0.0.0/4, multicast (RFC 5771). */
export function isIPv4Multicast(address: number): boolean {
  return address >>> 28 === 14;
}

/** 240.0.0.0/4, reserved, with the limited broadcast address (RFC 6890). */
export function isIPv4Reserved(address: number): boolean {
  return address >>> 28 === 15;
}

import {
  formatIPv6,
  formatPrefix,
  isIPv4Loopback,
  isIPv4Mapped,
  isIPv4Multicast,
  isIPv4Reserved,
  isIPv4ThisNetwork,
  isIPv6LinkLocal,
  isIPv6Loopback,
  isIPv6Multicast,
  isIPv6Unspecified,
  parseIPv4,
  parseIPv6,
  parsePrefix,
} from '@6bed4/codec';
import type { AutonomousSystem, Upstream } from '../fleet/fleetPlan.js';
import { refuse } from './refuse.js';

/* Parsers of the options of `6bed4 fleet init`. What they return is text of their own, in canonical form. */

const DECIMAL = /^[1-9][0-9]*$/;
const HIGHEST_AS = 0xffff_ffff;
/** AS_TRANS, which stands for numbers of 32 bits (RFC 6793 §9), and the last of 16 and 32 bits (RFC 7300). */
const RESERVED_AS: readonly number[] = [23_456, 65_535, HIGHEST_AS];
const IPV4_BITS = 32;
const IPV4_PREFIX = /^([0-9.]+)\/(0|[1-9][0-9]?)$/;

/** Parses the number of an autonomous system. */
export function asNumber(text: string): AutonomousSystem {
  const number = DECIMAL.test(text) ? Number(text) : 0;
  if (number < 1 || number > HIGHEST_AS) refuse(text, `an AS number from 1 to ${HIGHEST_AS - 1}`);
  if (RESERVED_AS.includes(number)) refuse(text, 'an AS number that is not reserved');
  return number;
}

/** Parses the IPv4 or IPv6 address of one host. */
export function hostAddress(text: string): string {
  return text.includes(':') ? hostIPv6(text) : hostIPv4(text);
}

/** Parses an IPv4 address that one host, or a fleet, can have. */
export function hostIPv4(text: string): string {
  const address = parseIPv4(text);
  const isHost =
    !isIPv4ThisNetwork(address) &&
    !isIPv4Loopback(address) &&
    !isIPv4Multicast(address) &&
    !isIPv4Reserved(address);
  return isHost ? text : refuse(text, 'the IPv4 address of a host');
}

function hostIPv6(text: string): string {
  const bytes = parseIPv6(text);
  if (isIPv6LinkLocal(bytes)) refuse(text, 'an IPv6 address that is not link-local');
  const isHost =
    !isIPv6Unspecified(bytes) &&
    !isIPv6Loopback(bytes) &&
    !isIPv6Multicast(bytes) &&
    !isIPv4Mapped(bytes);
  return isHost ? formatIPv6(bytes) : refuse(text, 'the IPv6 address of a host');
}

/** Parses `ADDRESS,AS`. */
export function upstream(text: string): Upstream {
  const [address = '', as = '', ...more] = text.split(',');
  if (as === '' || more.length > 0) refuse(text, 'ADDRESS,AS such as 198.51.100.1,64500');
  return { address: hostAddress(address), as: asNumber(as) };
}

/** Parses an IPv4 or IPv6 prefix. */
export function networkPrefix(text: string): string {
  if (text.includes(':')) return formatPrefix(parsePrefix(text));
  const [, address, bits] = IPV4_PREFIX.exec(text) ?? [];
  if (address === undefined || Number(bits) > IPV4_BITS) {
    return refuse(text, 'a prefix such as 192.0.2.0/24 or 2001:db8::/48');
  }
  const beyond = 2 ** (IPV4_BITS - Number(bits));
  if (parseIPv4(address) % beyond !== 0) refuse(text, `no bits set beyond /${bits}`);
  return text;
}

import { isIPv4, isIPv6 } from 'node:net';
import {
  formatIPv4,
  formatIPv6,
  isIPv4Loopback,
  isIPv4Mapped,
  isIPv4Multicast,
  isIPv4Reserved,
  isIPv4ThisNetwork,
  isIPv6Routable,
  parseIPv4,
  parseIPv6,
  parsePrefix,
  prefixContains,
  readUint32,
} from '@6bed4/codec';

/** Why a destination cannot be used. */
export type DestinationFault =
  /** By the rules of the proxy. */
  | 'prohibited'
  /** It has IPv4 addresses only. */
  | 'ipv4-only'
  /** No such name. */
  | 'not-found'
  /** The name cannot be resolved now. */
  | 'dns-failure'
  | 'refused'
  | 'reset'
  | 'host-unreachable'
  | 'network-unreachable'
  | 'timed-out'
  /** The client went away. */
  | 'abandoned'
  | 'failed';

/** A destination that cannot be used. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly fault: DestinationFault;

  constructor(fault: DestinationFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** The reason to stop when the client is gone. */
export function abandoned(): DestinationError {
  return new DestinationError('abandoned', 'the client is gone');
}

/** What the text of a client names. */
export type Host =
  | { readonly kind: 'ipv4'; readonly address: string }
  | { readonly kind: 'ipv6'; readonly address: string }
  | { readonly kind: 'name'; readonly name: string };

const BRACKETED = /^\[(.*)\]$/;
const MAPPED_OFFSET = 12;
/** Letters, digits, hyphens and underscores between dots, as names of hosts have them (RFC 1123 §2.1). */
const NAME = /^(?=.{1,254}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;
/** What ends in a number is an address, which some would read as octal or as 32 bits. */
const NUMERIC = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i;

/**
 * Reads the host of a request: some clients send addresses as names, and in brackets. An IPv4-mapped address
 * is an IPv4 address. The text of addresses is that of RFC 5952.
 *
 * @throws DestinationError `not-found` for what can be no host
 */
export function readHost(text: string): Host {
  const host = BRACKETED.exec(text)?.[1] ?? text;
  if (isIPv4(host)) return { kind: 'ipv4', address: host };
  if (isIPv6(host) && !host.includes('%')) {
    const bytes = parseIPv6(host);
    if (!isIPv4Mapped(bytes)) return { kind: 'ipv6', address: formatIPv6(bytes) };
    return { kind: 'ipv4', address: formatIPv4(readUint32(bytes, MAPPED_OFFSET)) };
  }
  if (host === text && NAME.test(host) && !NUMERIC.test(host)) return { kind: 'name', name: host };
  throw new DestinationError('not-found', `${JSON.stringify(text)} is no host`);
}

/**
 * Whether packets to an IPv6 address belong into the tunnel: not to addresses of this end, whose services a
 * client reaches without it, and which might lead back into the proxy; and not to what no packet on its way may
 * have as its destination, as `::1`, which would be that of the far side.
 *
 * @param own - the prefixes of which all addresses are this tunnel's
 */
export function isAllowedIPv6(address: string, own: readonly string[]): boolean {
  const bytes = parseIPv6(address);
  return (
    isIPv6Routable(bytes) && !own.some((prefix) => prefixContains(parsePrefix(prefix), bytes, 0))
  );
}

/**
 * Whether the proxy may connect to an IPv4 address: not to services of this computer, which other computers'
 * clients could reach by that, nor to what is no unicast address. Link-local addresses are
 * services of this computer, too, where it is rented.
 *
 * @param own - the addresses of this computer
 */
export function isAllowedIPv4(address: string, own: readonly string[]): boolean {
  const value = parseIPv4(address);
  return !(
    isIPv4ThisNetwork(value) ||
    isIPv4Loopback(value) ||
    isIPv4Multicast(value) ||
    isIPv4Reserved(value) ||
    value >>> 16 === 0xa9fe ||
    own.includes(address)
  );
}

const FAULTS: Readonly<Record<string, DestinationFault>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'host-unreachable',
  EADDRNOTAVAIL: 'network-unreachable',
  ENETUNREACH: 'network-unreachable',
  ENETDOWN: 'network-unreachable',
  ETIMEDOUT: 'timed-out',
  EACCES: 'prohibited',
  EPERM: 'prohibited',
};

/** The fault behind an error of a connection attempt. */
export function faultOf(error: unknown): DestinationFault {
  if (error instanceof DestinationError) return error.fault;
  return FAULTS[(error as NodeJS.ErrnoException).code ?? ''] ?? 'failed';
}

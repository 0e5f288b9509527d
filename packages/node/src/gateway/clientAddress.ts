import type { IncomingMessage } from 'node:http';
import { type BlockList, isIPv4, isIPv6 } from 'node:net';
import { hashBytes, parseIPv4 } from '@6bed4/codec';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The address that a request comes from. Proxies that are trusted say whom it came from to them, each at the end of the list
 * that it got; what stands before the last one that is not trusted, anybody can have written.
 */
export function clientAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusted: BlockList,
): string {
  let address = plain(socket.remoteAddress ?? '');
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join().split(',');
  while (isTrusted(address, trusted)) {
    const before = plain(forwarded.pop()?.trim() ?? '');
    if (!isIPv4(before) && !isIPv6(before)) break;
    address = before;
  }
  return address;
}

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 address. */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]/`);
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: 8 - first!.length - last!.length }, () => '0');
  return `${[...first!, ...zeros, ...last!].slice(0, 4).join(':')}::/64`;
}

/** A number for a source, for limits. */
export function sourceKey(source: string): number {
  if (isIPv4(source)) return parseIPv4(source) | 0;
  const bytes = new TextEncoder().encode(source);
  return hashBytes(bytes, 0, bytes.length);
}

/** Whether a proxy on this computer names the client of a request and is not trusted: all its clients count as one then. */
export function isProxyForgotten(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusted: BlockList,
): boolean {
  const address = plain(socket.remoteAddress ?? '');
  const isOwn = address === '::1' || address.startsWith('127.');
  return isOwn && headers['x-forwarded-for'] !== undefined && !isTrusted(address, trusted);
}

/** Whether an address is one of the proxies that are trusted. */
export function isTrusted(address: string, trusted: BlockList): boolean {
  if (isIPv4(address)) return trusted.check(address, 'ipv4');
  return isIPv6(address) && trusted.check(address, 'ipv6');
}

/** An address as of a socket; IPv4 by IPv6 sockets is IPv4. */
export function plain(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

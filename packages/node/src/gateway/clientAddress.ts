import type { IncomingMessage } from 'node:http';
import { type BlockList, isIPv4, isIPv6 } from 'node:net';

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

function isTrusted(address: string, trusted: BlockList): boolean {
  if (isIPv4(address)) return trusted.check(address, 'ipv4');
  return isIPv6(address) && trusted.check(address, 'ipv6');
}

/** IPv4 by IPv6 sockets is IPv4. */
function plain(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

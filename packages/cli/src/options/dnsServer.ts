import { isIPv6 } from 'node:net';
import { formatIPv6, HIGHEST_PORT, parseIPv6 } from '@6bed4/codec';
import type { DnsServer } from '../proxy/tunnelResolver.js';
import { refuse } from './refuse.js';

const DNS_PORT = 53;
const WITH_PORT = /^\[([^\]]+)\](?::([1-9][0-9]{0,4}))?$/;

/** Parses the IPv6 address of a DNS server, perhaps with a port: `2001:db8::53`, `[2001:db8::53]:5353`. */
export function dnsServer(text: string): DnsServer {
  const [, bracketed, digits = String(DNS_PORT)] = WITH_PORT.exec(text) ?? [];
  const address = bracketed ?? text;
  const port = Number(digits);
  if (!isIPv6(address) || address.includes('%') || port > HIGHEST_PORT) {
    return refuse(text, 'an IPv6 address, or [IPv6]:PORT');
  }
  return { address: formatIPv6(parseIPv6(address)), port };
}

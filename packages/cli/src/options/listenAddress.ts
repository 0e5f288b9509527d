import { isIP, isIPv4 } from 'node:net';
import { formatIPv6, HIGHEST_PORT, isIPv6Loopback, parseIPv6 } from '@6bed4/codec';
import { refuse } from './refuse.js';

/** An address and TCP port of this computer to listen on. */
export interface ListenAddress {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const FORM = /^(?:(?:\[([^\]]+)\]|([0-9.]+)):)?([1-9][0-9]{0,4})$/;

/** Parses `A.B.C.D:PORT`, `[IPv6]:PORT` or `PORT`, which is on 127.0.0.1. */
export function listenAddress(text: string): ListenAddress {
  const [, ipv6, ipv4 = LOOPBACK, port] = FORM.exec(text) ?? [];
  const host = ipv6 ?? ipv4;
  const isAddress = ipv6 === undefined ? isIPv4(host) : isIP(host) === 6 && !host.includes('%');
  if (!(Number(port) <= HIGHEST_PORT) || !isAddress) {
    return refuse(text, 'A.B.C.D:PORT, [IPv6]:PORT or PORT, such as 127.0.0.1:1080');
  }
  return { host: ipv6 === undefined ? host : formatIPv6(parseIPv6(host)), port: Number(port) };
}

/** Whether only programs of this computer reach an address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return isIPv4(host) ? host.startsWith('127.') : isIPv6Loopback(parseIPv6(host));
}

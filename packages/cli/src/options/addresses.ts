import { parseEndpoint, parseIPv4, parseIPv6, parsePrefix } from '@6bed4/codec';
import { parseRouterReference } from '@6bed4/node';
import { refuse } from './refuse.js';

/* Parsers of addresses on the command line, which check the text and return it as it is. */

/** Parses `A.B.C.D`. */
export function ipv4(text: string): string {
  parseIPv4(text);
  return text;
}

/** Parses an IPv6 address. */
export function ipv6(text: string): string {
  parseIPv6(text);
  return text;
}

/** Parses `A.B.C.D:port`. */
export function endpoint(text: string): string {
  if (parseEndpoint(text).port === 0) refuse(text, 'A.B.C.D:port with a port from 1');
  return text;
}

/** Parses `A.B.C.D` or `A.B.C.D:port`. */
export function endpointOrAddress(text: string): string {
  const { port } = parseEndpoint(text, 1);
  if (port === 0) refuse(text, 'A.B.C.D or A.B.C.D:port with a port from 1');
  return text;
}

/** Parses a router: `A.B.C.D`, `NAME`, or either with `:port`. */
export function routerReference(text: string): string {
  parseRouterReference(text, 1);
  return text;
}

/** Parses an IPv6 prefix. */
export function prefix(text: string): string {
  parsePrefix(text);
  return text;
}

/** Parses an IPv6 prefix of /64. */
export function prefix64(text: string): string {
  if (parsePrefix(text).length !== 64) refuse(text, 'a prefix of /64');
  return text;
}

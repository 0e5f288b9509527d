import { HIGHEST_NETID, HIGHEST_PORT, HIGHEST_TTL } from '@6bed4/codec';
import { refuse } from './refuse.js';

/* Parsers of numbers on the command line. */

/** A day, in seconds; no NAT waits as long. */
export const LONGEST_KEEPALIVE = 86_400;

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
const HEXADECIMAL = /^(?:0x)?[0-9a-f]{1,4}$/i;

/** Parses a decimal integer from `lowest` to `highest`. */
export function integer(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    return refuse(text, `an integer from ${lowest} to ${highest}`);
  };
}

/** Parses a UDP port. */
export const port: (text: string) => number = integer(1, HIGHEST_PORT);

/** Parses a network identifier: up to four hexadecimal digits. */
export function netid(text: string): number {
  if (!HEXADECIMAL.test(text)) {
    refuse(text, `hexadecimal digits from 0 to ${HIGHEST_NETID.toString(16)}`);
  }
  return Number.parseInt(text.replace(/^0x/i, ''), 16);
}

/** Parses `S` or `S,TTL`. */
export function keepalive(text: string): { interval: number; ttl?: number } {
  const [seconds, ttl, ...more] = text.split(',');
  const valid = (part: string, highest: number): boolean =>
    DECIMAL.test(part) && Number(part) <= highest;
  if (
    more.length > 0 ||
    !valid(seconds!, LONGEST_KEEPALIVE) ||
    (ttl !== undefined && !valid(ttl, HIGHEST_TTL))
  ) {
    const ranges = `S from 0 to ${LONGEST_KEEPALIVE} seconds and TTL from 0 to ${HIGHEST_TTL}`;
    refuse(text, `S or S,TTL with ${ranges}`);
  }
  const interval = Number(seconds);
  return ttl === undefined ? { interval } : { interval, ttl: Number(ttl) };
}

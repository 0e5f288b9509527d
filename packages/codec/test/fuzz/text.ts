import { isIPv4, isIPv6 } from 'node:net';
import { demand, type FuzzTarget, textBytes, textOf } from '@6bed4/testing/fuzzTarget';
import {
  completePrefix,
  decodeAddress,
  formatEndpoint,
  formatIPv4,
  formatIPv6,
  formatPrefix,
  InvalidArgumentError,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  parsePrefix,
} from '../../src/index.js';

/** What a parser makes of a text; null when it refuses it, which it does in one way only. */
function parsed<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null;
    throw error;
  }
}

function isSame<T>(first: T, second: T): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}

/** Text that people and programs write addresses, endpoints and prefixes as. */
export const target: FuzzTarget = {
  longest: 80,
  seeds: textBytes(
    '198.51.100.1',
    '198.51.100.1:25790',
    'fc64:bed:c633:6401:c433:6402:e49e:8001',
    '::ffff:198.51.100.1',
    'fc64:bed::/32',
    'fd00::/8',
    '2001:db8::1:0:0:1',
    '::',
    'fe80::1%eth0',
  ),
  words: textBytes('::', ':', '/', '.', '%', '0', '255', 'ffff', '/64', '65535', '128', ' '),
  run(input) {
    const text = textOf(input);
    const ipv4 = parsed(() => parseIPv4(text));
    demand((ipv4 !== null) === isIPv4(text), 'parseIPv4 accepts what net.isIPv4 does');
    if (ipv4 !== null) demand(parseIPv4(formatIPv4(ipv4)) === ipv4, 'IPv4 stays the same');
    const ipv6 = parsed(() => parseIPv6(text));
    demand(
      (ipv6 !== null) === (isIPv6(text) && !text.includes('%')),
      'parseIPv6 accepts what net.isIPv6 does, without zones',
    );
    if (ipv6 !== null) demand(isSame(parseIPv6(formatIPv6(ipv6)), ipv6), 'IPv6 stays the same');
    const endpoint = parsed(() => parseEndpoint(text));
    if (endpoint !== null) {
      demand(isSame(parseEndpoint(formatEndpoint(endpoint)), endpoint), 'endpoints stay the same');
    }
    const prefix = parsed(() => parsePrefix(text));
    if (prefix !== null) {
      demand(isSame(parsePrefix(formatPrefix(prefix)), prefix), 'prefixes stay the same');
    }
    const decoded = parsed(() => decodeAddress(text));
    demand((decoded === null) === (ipv6 === null), 'every IPv6 address can be decoded');
    const completed = parsed(() => completePrefix(text, { netid: 0xbed, router: '198.51.100.1' }));
    if (completed !== null) {
      demand(completed.length === 64, 'prefixes are completed to /64');
      demand(isSame(parsePrefix(formatPrefix(completed)), completed), 'and can be written');
    }
  },
};

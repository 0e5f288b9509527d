import {
  findProfile,
  type Prefix,
  type Profile,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  parsePrefix,
} from '@6bed4/codec';
import {
  checkInterfaceName,
  type DriverName,
  driverNames,
  InvalidArgumentError,
  type Offloads,
  offloadNames,
} from '@6bed4/node';
import type { PeeringName } from '@6bed4/tunnel';

/*
 * Readers of what is written on the command line. Each takes the text of one option or argument and
 * throws an InvalidArgumentError that names it as it is written there.
 */

const HIGHEST_PORT = 0xffff;
const HIGHEST_NETID = 0xffff;
export const HIGHEST_TTL = 255;
/** A day; no NAT waits as long. */
export const LONGEST_KEEPALIVE = 86_400;

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
const HEXADECIMAL = /^(?:0x)?[0-9a-f]{1,4}$/i;

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Reads a decimal integer from `lowest` to `highest`. */
export function integer(option: string, lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (!(value >= lowest && value <= highest)) {
      throw new InvalidArgumentError(
        option,
        quoted(text),
        `an integer from ${lowest} to ${highest}`,
      );
    }
    return value;
  };
}

/** Reads `A.B.C.D`. */
export function ipv4(option: string): (text: string) => string {
  return (text) => {
    parseIPv4(text, option);
    return text;
  };
}

/** Reads `A.B.C.D:port`, the port being optional or not. */
export function endpoint(option: string, portNeeded: boolean): (text: string) => string {
  return (text) => {
    const form = portNeeded ? 'A.B.C.D:port' : 'A.B.C.D or A.B.C.D:port';
    const { port } = parseEndpoint(text, portNeeded ? undefined : 1, option);
    if (port === 0)
      throw new InvalidArgumentError(option, quoted(text), `${form} with a port from 1`);
    return text;
  };
}

/** Reads an IPv6 prefix, of the given length or of any. */
export function prefix(option: string, length?: number): (text: string) => string {
  return (text) => {
    const found: Prefix = parsePrefix(text, option);
    if (length !== undefined && found.length !== length) {
      throw new InvalidArgumentError(option, quoted(text), `a prefix of /${length}`);
    }
    return text;
  };
}

/** Reads an IPv6 address. */
export function ipv6(option: string): (text: string) => string {
  return (text) => {
    parseIPv6(text, option);
    return text;
  };
}

/** Collects what an option reads each time that it is given. */
export function repeated<T>(read: (text: string) => T): (text: string, previous?: T[]) => T[] {
  return (text, previous = []) => [...previous, read(text)];
}

/** Reads a network identifier: up to four hexadecimal digits. */
export function netid(text: string): number {
  if (!HEXADECIMAL.test(text)) {
    const highest = HIGHEST_NETID.toString(16);
    throw new InvalidArgumentError(
      'netid',
      quoted(text),
      `hexadecimal digits from 0 to ${highest}`,
    );
  }
  return Number.parseInt(text.replace(/^0x/i, ''), 16);
}

/** Reads `S` or `S,TTL`. */
export function keepalive(text: string): { interval: number; ttl?: number } {
  const [seconds, ttl, ...more] = text.split(',');
  const valid = (part: string, highest: number): boolean =>
    DECIMAL.test(part) && Number(part) <= highest;
  if (
    more.length > 0 ||
    !valid(seconds!, LONGEST_KEEPALIVE) ||
    (ttl !== undefined && !valid(ttl, HIGHEST_TTL))
  ) {
    const form = `S or S,TTL with S from 0 to ${LONGEST_KEEPALIVE} seconds and TTL from 0 to 255`;
    throw new InvalidArgumentError('keepalive', quoted(text), form);
  }
  const interval = Number(seconds);
  return ttl === undefined ? { interval } : { interval, ttl: Number(ttl) };
}

/** The generations of the protocol, and the constants that each is used with. */
const PROFILES: Readonly<Record<string, string>> = {
  draft00: 'draft00',
  draft01: 'draft01',
  draft02: 'draft02',
  draft03: 'reference2020',
  draft04: 'draft04',
};

export const DIALECTS = Object.keys(PROFILES).join(', ');

/** Reads the name of a dialect. */
export function dialect(text: string): Profile {
  const profile = Object.hasOwn(PROFILES, text) ? findProfile(PROFILES[text]!) : undefined;
  if (profile === undefined)
    throw new InvalidArgumentError('dialect', quoted(text), `one of ${DIALECTS}`);
  return profile;
}

const STRATEGY_NAMES: readonly PeeringName[] = [
  'via-router',
  'neighbor-discovery',
  'probe-and-seen',
];

export const STRATEGIES = STRATEGY_NAMES.join(', ');

/** Reads the name of a peering strategy. */
export function strategy(text: string): PeeringName {
  const found = STRATEGY_NAMES.find((name) => name === text);
  if (found === undefined)
    throw new InvalidArgumentError('peering', quoted(text), `one of ${STRATEGIES}`);
  return found;
}

export const DRIVERS = driverNames.join(', ');

/** Reads the name of a driver. */
export function driver(text: string): DriverName {
  const found = driverNames.find((name) => name === text);
  if (found === undefined)
    throw new InvalidArgumentError('driver', quoted(text), `one of ${DRIVERS}`);
  return found;
}

export const OFFLOADS = offloadNames.join(', ');

/** Reads what the kernel may do for the Linux driver. */
export function offloads(text: string): Offloads {
  const found = offloadNames.find((name) => name === text);
  if (found === undefined)
    throw new InvalidArgumentError('offloads', quoted(text), `one of ${OFFLOADS}`);
  return found;
}

/** Reads the name of a network interface. */
export function interfaceName(text: string): string {
  return checkInterfaceName(text);
}

/** Reads a UDP port. */
export const port: (text: string) => number = integer('port', 1, HIGHEST_PORT);

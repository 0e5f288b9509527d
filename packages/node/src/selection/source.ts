import { addressBytes, commonBits, isMapped } from './addressBytes.js';
import type { PolicyTable } from './policyTable.js';
import { scopeOf } from './scope.js';

/** An address that packets may be sent from, and what is known about it. */
export interface SourceAddress {
  readonly address: string;
  /** Length of its prefix; default 64, for IPv4 unknown. */
  readonly prefixLength?: number;
  /** Whether it should not be used for anything new (RFC 4862 §5.5.4). */
  readonly deprecated?: boolean;
  /** Whether it is a temporary address (RFC 8981). */
  readonly temporary?: boolean;
  /** Whether it is a mobile node's home address, its care-of address, or (by default) both. */
  readonly mobility?: 'home' | 'care-of';
  /** Whether packets from it are carried by a tunnel of this program. */
  readonly tunnelled?: boolean;
}

/** A source with what its address says. */
export interface Source extends SourceAddress {
  readonly given: SourceAddress;
  readonly bytes: Uint8Array;
  readonly scope: number;
  readonly label: number;
  readonly isIPv4: boolean;
}

const DEFAULT_PREFIX_LENGTH = 64;
const MAPPED_BITS = 96;

/** Reads the address of a source. @throws InvalidArgumentError */
export function describeSource(given: SourceAddress | string, table: PolicyTable): Source {
  const source = typeof given === 'string' ? { address: given } : given;
  const bytes = addressBytes(source.address, 'sources');
  return {
    ...source,
    given: source,
    bytes,
    scope: scopeOf(bytes),
    label: table.of(bytes).label,
    isIPv4: isMapped(bytes),
  };
}

/** How much of a destination's address a source shares, as far as its prefix reaches (§2.2). */
export function sharedPrefix(source: Source, destination: Uint8Array): number {
  if (source.isIPv4) {
    // Short of being on the same network, IPv4 addresses do not tell how near they are.
    const { prefixLength } = source;
    const shared = commonBits(source.bytes, destination, MAPPED_BITS);
    return prefixLength !== undefined && shared >= prefixLength ? prefixLength : 0;
  }
  const length = source.prefixLength ?? DEFAULT_PREFIX_LENGTH;
  return Math.min(commonBits(source.bytes, destination), length);
}

/** A rule of RFC 6724: below 0 for the first, above 0 for the second, 0 where it does not decide. */
type Rule = (a: Source, b: Source, destination: Destination) => number;

interface Destination {
  readonly bytes: Uint8Array;
  readonly scope: number;
  readonly label: number;
}

const prefer = (a: boolean, b: boolean): number => Number(b) - Number(a);

/**
 * RFC 6724 §5, as far as a program can know what the rules ask. Rules 5 and 5.5 are about interfaces
 * and next hops, which only the system knows: it says what it would take itself.
 */
const rules: readonly Rule[] = [
  // Rule 1: prefer same address.
  (a, b, { bytes }) =>
    prefer(commonBits(a.bytes, bytes) === 128, commonBits(b.bytes, bytes) === 128),
  // Rule 2: prefer appropriate scope.
  (a, b, { scope }) => {
    if (a.scope === b.scope) return 0;
    const [smaller, sign] = a.scope < b.scope ? [a, 1] : [b, -1];
    return smaller.scope < scope ? sign : -sign;
  },
  // Rule 3: avoid deprecated addresses.
  (a, b) => prefer(a.deprecated !== true, b.deprecated !== true),
  // Rule 4: prefer home addresses.
  (a, b) =>
    prefer(a.mobility === undefined, b.mobility === undefined) ||
    prefer(a.mobility !== 'care-of', b.mobility !== 'care-of'),
  // Rule 6: prefer matching label.
  (a, b, { label }) => prefer(a.label === label, b.label === label),
  // Rule 7: prefer temporary addresses.
  (a, b) => prefer(a.temporary === true, b.temporary === true),
  // Rule 8: use longest matching prefix. Between 6bed4 addresses that is one in the remote's /64,
  // so that packets pass one router instead of two (draft-04 §4.1).
  (a, b, { bytes }) => sharedPrefix(b, bytes) - sharedPrefix(a, bytes),
];

/** The source for a destination (RFC 6724 §5), or null where none is of its family. */
export function selectSource(sources: readonly Source[], destination: Destination): Source | null {
  const isIPv4 = isMapped(destination.bytes);
  let best: Source | null = null;
  for (const source of sources) {
    if (source.isIPv4 !== isIPv4) continue;
    if (best === null || isBetter(source, best, destination)) best = source;
  }
  return best;
}

function isBetter(source: Source, best: Source, destination: Destination): boolean {
  for (const rule of rules) {
    const preference = rule(source, best, destination);
    if (preference !== 0) return preference < 0;
  }
  return false;
}

import { isIPv4Mapped } from '@6bed4/codec';
import { addressBytes, commonPrefixLength } from './addressBytes.js';
import type { PolicyTable } from './policyTable.js';
import { scopeOf } from './scope.js';

/** A candidate source address with its properties. */
export interface SourceAddress {
  readonly address: string;
  /** Length of its on-link prefix; default 64, for IPv4 unknown. */
  readonly prefixLength?: number;
  /** Whether it is deprecated: not to be used for new communication (RFC 4862 §5.5.4). */
  readonly deprecated?: boolean;
  /** Whether it is a temporary address (RFC 8981). */
  readonly temporary?: boolean;
  /** Whether it is the home address of a mobile node, its care-of address, or (by default) both. */
  readonly mobility?: 'home' | 'care-of';
  /** Whether it is an address of a tunnel of this program. */
  readonly tunnelled?: boolean;
}

/** A candidate source address with the properties that follow from its bytes. */
export interface Source extends SourceAddress {
  readonly candidate: SourceAddress;
  readonly bytes: Uint8Array;
  readonly scope: number;
  readonly label: number;
  readonly isIPv4: boolean;
}

const DEFAULT_PREFIX_LENGTH = 64;
const MAPPED_BITS = 96;

/** Parses a candidate source address. @throws InvalidArgumentError */
export function describeSource(candidate: SourceAddress | string, table: PolicyTable): Source {
  const source = typeof candidate === 'string' ? { address: candidate } : candidate;
  const bytes = addressBytes(source.address, 'sources');
  return {
    ...source,
    candidate: source,
    bytes,
    scope: scopeOf(bytes),
    label: table.of(bytes).label,
    isIPv4: isIPv4Mapped(bytes),
  };
}

/** CommonPrefixLen of a source and a destination, up to the prefix length of the source (§2.2). */
export function sharedPrefix(source: Source, destination: Uint8Array): number {
  if (source.isIPv4) {
    // IPv4 addresses of different networks are not aggregated, so that shared bits mean nothing.
    const { prefixLength } = source;
    const shared = commonPrefixLength(source.bytes, destination, MAPPED_BITS);
    return prefixLength !== undefined && shared >= prefixLength ? prefixLength : 0;
  }
  const length = source.prefixLength ?? DEFAULT_PREFIX_LENGTH;
  return Math.min(commonPrefixLength(source.bytes, destination), length);
}

/** A rule of RFC 6724 §5: below 0 prefers the first, above 0 the second; 0 does not decide. */
type Rule = (a: Source, b: Source, destination: Destination) => number;

interface Destination {
  readonly bytes: Uint8Array;
  readonly scope: number;
  readonly label: number;
}

const prefer = (a: boolean, b: boolean): number => Number(b) - Number(a);

/**
 * RFC 6724 §5, without the rules 5 and 5.5 about outgoing interfaces and next hops: only the system knows
 * these, and its own choice is among the candidates.
 */
const rules: readonly Rule[] = [
  // Rule 1: prefer same address.
  (a, b, { bytes }) =>
    prefer(commonPrefixLength(a.bytes, bytes) === 128, commonPrefixLength(b.bytes, bytes) === 128),
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

/** The source address for a destination (RFC 6724 §5), or null where no candidate is of its family. */
export function selectSource(sources: readonly Source[], destination: Destination): Source | null {
  const isIPv4 = isIPv4Mapped(destination.bytes);
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

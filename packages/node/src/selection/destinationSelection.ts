import { isIPv4Mapped } from '@6bed4/codec';
import { addressBytes } from './addressBytes.js';
import { defaultPolicy, type PolicyRule, PolicyTable } from './policyTable.js';
import { scopeOf } from './scope.js';
import {
  describeSource,
  type Source,
  type SourceAddress,
  selectSource,
  sharedPrefix,
} from './sourceSelection.js';

/** Options of {@link sortAddresses} and {@link selectAddresses}. */
export interface SelectionOptions {
  /** The policy table; default {@link defaultPolicy}. */
  readonly policy?: readonly PolicyRule[];
}

/** Candidate source addresses for all destinations, or a function that returns those for one. */
export type Sources =
  | readonly (SourceAddress | string)[]
  | ((destination: string) => readonly (SourceAddress | string)[]);

/** A destination with its source address. */
export interface AddressPair {
  readonly destination: string;
  /** Null where no candidate fits: the destination is unusable. */
  readonly source: SourceAddress | null;
  readonly family: 4 | 6;
}

interface Destination {
  readonly address: string;
  readonly bytes: Uint8Array;
  readonly scope: number;
  readonly label: number;
  readonly precedence: number;
  readonly isIPv4: boolean;
  readonly source: Source | null;
}

/** A rule of RFC 6724 §6: below 0 prefers the first, above 0 the second; 0 does not decide. */
type Rule = (a: Destination, b: Destination) => number;

const prefer = (a: boolean, b: boolean): number => Number(b) - Number(a);

/** RFC 6724 §6. Unusable destinations are last by rule 1; the other rules do not apply to them. */
const rules: readonly Rule[] = [
  // Rule 1: avoid unusable destinations.
  (a, b) => prefer(a.source !== null, b.source !== null),
  // Rule 2: prefer matching scope.
  (a, b) => prefer(a.scope === a.source?.scope, b.scope === b.source?.scope),
  // Rule 3: avoid deprecated addresses.
  (a, b) => prefer(a.source?.deprecated !== true, b.source?.deprecated !== true),
  // Rule 4: prefer home addresses.
  (a, b) =>
    prefer(a.source?.mobility === undefined, b.source?.mobility === undefined) ||
    prefer(a.source?.mobility !== 'care-of', b.source?.mobility !== 'care-of'),
  // Rule 5: prefer matching label.
  (a, b) => prefer(a.label === a.source?.label, b.label === b.source?.label),
  // Rule 6: prefer higher precedence.
  (a, b) => b.precedence - a.precedence,
  // Rule 7: prefer native transport.
  (a, b) => prefer(a.source?.tunnelled !== true, b.source?.tunnelled !== true),
  // Rule 8: prefer smaller scope.
  (a, b) => a.scope - b.scope,
];

/** Rule 9: use longest matching prefix; only within a family. */
function byPrefix(a: Destination, b: Destination): number {
  const shared = ({ source, bytes }: Destination): number =>
    source === null ? 0 : sharedPrefix(source, bytes);
  return shared(b) - shared(a);
}

/**
 * Destination address selection: puts destinations in the order in which to try them (RFC 6724 §6), each
 * with its source address (§5): native IPv6 to native IPv6 before 6bed4 to 6bed4, before either mix
 * (draft-03 §4). Where the rules do not decide, the order stays.
 *
 * @param destinations - addresses of a remote, IPv4 or IPv6
 * @param sources - candidate source addresses
 * @throws InvalidArgumentError for anything but an address, naming `destinations`, `sources` or `policy`
 */
export function selectAddresses(
  destinations: readonly string[],
  sources: Sources,
  options: SelectionOptions = {},
): AddressPair[] {
  const table = new PolicyTable(options.policy ?? defaultPolicy);
  const describeAll = (each: readonly (SourceAddress | string)[]): Source[] =>
    each.map((source) => describeSource(source, table));
  const shared = typeof sources === 'function' ? null : describeAll(sources);
  const described = destinations.map((address): Destination => {
    const bytes = addressBytes(address, 'destinations');
    const about = { address, bytes, scope: scopeOf(bytes), ...table.of(bytes) };
    const own = typeof sources === 'function' ? describeAll(sources(address)) : shared!;
    return { ...about, isIPv4: isIPv4Mapped(bytes), source: selectSource(own, about) };
  });
  return inOrder(described).map(({ address, isIPv4, source }) => ({
    destination: address,
    source: source?.candidate ?? null,
    family: isIPv4 ? 4 : 6,
  }));
}

/** Rule 10: otherwise leave the order unchanged. */
function inOrder(destinations: readonly Destination[]): Destination[] {
  return [...destinations].sort((a, b) => {
    for (const rule of rules) {
      const preference = rule(a, b);
      if (preference !== 0) return preference;
    }
    // Rule 9 compares within one family only. Across families, IPv6 comes first: without a decision the
    // order would not be total. Only custom tables let it come to this.
    return a.isIPv4 === b.isIPv4 ? byPrefix(a, b) : prefer(!a.isIPv4, !b.isIPv4);
  });
}

/** As {@link selectAddresses}, without the source addresses. */
export function sortAddresses(
  destinations: readonly string[],
  sources: Sources,
  options: SelectionOptions = {},
): string[] {
  return selectAddresses(destinations, sources, options).map(({ destination }) => destination);
}

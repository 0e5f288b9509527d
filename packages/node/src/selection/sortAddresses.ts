import { addressBytes, isMapped } from './addressBytes.js';
import { defaultPolicy, type PolicyRule, PolicyTable } from './policyTable.js';
import { scopeOf } from './scope.js';
import {
  describeSource,
  type Source,
  type SourceAddress,
  selectSource,
  sharedPrefix,
} from './source.js';

/** What {@link sortAddresses} and {@link selectAddresses} may be told. */
export interface SelectionOptions {
  /** The policy table; default {@link defaultPolicy}. */
  readonly policy?: readonly PolicyRule[];
}

/** Sources for all destinations, or what gives those for one. */
export type Sources =
  | readonly (SourceAddress | string)[]
  | ((destination: string) => readonly (SourceAddress | string)[]);

/** A destination with the source that packets to it would have. */
export interface AddressPair {
  readonly destination: string;
  /** Null where none fits: the destination cannot be reached. */
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

/** A rule of RFC 6724: below 0 for the first, above 0 for the second, 0 where it does not decide. */
type Rule = (a: Destination, b: Destination) => number;

const prefer = (a: boolean, b: boolean): number => Number(b) - Number(a);

/** RFC 6724 §6. What cannot be reached at all is worst by rule 1, and no other rule is about it. */
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
 * Puts destinations in the order in which they should be tried (RFC 6724 §6), each with its source
 * (§5): native IPv6 to native IPv6 before 6bed4 to 6bed4, before either mix (draft-03 §4). Where the
 * rules do not decide, the given order stays.
 *
 * @param destinations - addresses of a remote, IPv4 or IPv6
 * @param sources - addresses that packets may be sent from
 * @throws InvalidArgumentError for what is no address, naming `destinations`, `sources` or `policy`
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
    return { ...about, isIPv4: isMapped(bytes), source: selectSource(own, about) };
  });
  return inOrder(described).map(({ address, isIPv4, source }) => ({
    destination: address,
    source: source?.given ?? null,
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
    // Rule 9 is about one family, and would be no order with the others left in between. Only a table
    // of one's own can rank them equally.
    return a.isIPv4 === b.isIPv4 ? byPrefix(a, b) : prefer(!a.isIPv4, !b.isIPv4);
  });
}

/** As {@link selectAddresses}; only the destinations. */
export function sortAddresses(
  destinations: readonly string[],
  sources: Sources,
  options: SelectionOptions = {},
): string[] {
  return selectAddresses(destinations, sources, options).map(({ destination }) => destination);
}

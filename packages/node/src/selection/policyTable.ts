import { InvalidArgumentError, type Prefix, parsePrefix, prefixContains } from '@6bed4/codec';
import { addressBytes } from './addressBytes.js';

/** One line of a policy table (RFC 6724 §2.1). */
export interface PolicyRule {
  /** IPv6 prefix; IPv4 addresses are `::ffff:0:0/96`. */
  readonly prefix: string;
  /** Destinations of higher precedence come first. */
  readonly precedence: number;
  /** Sources are preferred for destinations with the same label. */
  readonly label: number;
}

/** Precedence and label of an address. */
export interface Policy {
  readonly precedence: number;
  readonly label: number;
}

/** The table of RFC 6724 §2.1. */
export const rfc6724Policy: readonly PolicyRule[] = [
  { prefix: '::1/128', precedence: 50, label: 0 },
  { prefix: '::/0', precedence: 40, label: 1 },
  { prefix: '::ffff:0:0/96', precedence: 35, label: 4 },
  { prefix: '2002::/16', precedence: 30, label: 2 },
  { prefix: '2001::/32', precedence: 5, label: 5 },
  { prefix: 'fc00::/7', precedence: 3, label: 13 },
  { prefix: '::/96', precedence: 1, label: 3 },
  { prefix: 'fec0::/10', precedence: 1, label: 11 },
  { prefix: '3ffe::/16', precedence: 1, label: 12 },
];

/**
 * The table of RFC 6724 §2.1 with 6bed4 in it. A label of its own puts 6bed4 to 6bed4 before either
 * mixed with native addresses, and the lower precedence native to native before both (draft-03 §4).
 * Like other tunnels, 6bed4 comes after native IPv4; it comes before 6to4 and Teredo, because its
 * router always reaches the remote.
 */
export const defaultPolicy: readonly PolicyRule[] = [
  ...rfc6724Policy,
  { prefix: 'fc64::/16', precedence: 32, label: 64 },
  { prefix: '2001:64::/32', precedence: 32, label: 64 },
];

/** A policy table, parsed for look-ups. */
export class PolicyTable {
  readonly #rules: readonly (Policy & { readonly prefix: Prefix })[];

  /** @throws InvalidArgumentError for an invalid prefix, or a table that does not cover all addresses */
  constructor(rules: readonly PolicyRule[]) {
    this.#rules = rules
      .map((rule) => ({
        ...rule,
        prefix: parsePrefix(rule.prefix, 'policy'),
      }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    if (!this.#rules.some(({ prefix }) => prefix.length === 0)) {
      throw new InvalidArgumentError('policy', `${rules.length} rules`, 'one of them for ::/0');
    }
  }

  /** Precedence and label of the rule with the longest matching prefix. @throws InvalidArgumentError */
  lookUp(address: string): Policy {
    return this.of(addressBytes(address));
  }

  /** As {@link lookUp}, for 16 bytes. */
  of(bytes: Uint8Array): Policy {
    return this.#rules.find(({ prefix }) => prefixContains(prefix, bytes, 0))!;
  }
}

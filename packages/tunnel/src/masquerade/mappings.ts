import {
  InvalidArgumentError,
  IPV6_ADDRESS_BYTES,
  is6bed4Prefixed,
  isIPv6Routable,
  sameIPv6Address,
} from '@6bed4/codec';
import { MAX_MASQUERADE_RULES } from '../defaults.js';
import { isHostAddress, type RouterIdentity } from '../router/identity.js';
import {
  formatMasqueradeRule,
  type MasqueradeRule,
  parseMasqueradeRule,
} from './masqueradeRule.js';

/** The number of no mapping. */
export const NO_MAPPING = -1;

const FIELD = 'masquerade';

/** A rule or a part of one: ports that no other mapping has. */
interface Mapping extends MasqueradeRule {
  readonly host: Uint8Array;
}

/**
 * The ports of the router's address and the hosts that take them, in both directions. A port that several rules
 * name is that of the first. No two mappings lead to the same port of the same host: what comes from there
 * could not be traced back.
 */
export class Mappings {
  /** Of mapping n, 16 bytes from 16 n on. */
  readonly hosts: Uint8Array;
  /** Of mapping n, what is added to a port on the way to the host. */
  readonly shifts: Int32Array;
  readonly #protocols: Uint8Array;
  readonly #firsts: Int32Array;
  readonly #lasts: Int32Array;

  /**
   * @param identity - of the router
   * @param texts - as `parseMasqueradeRule` reads them, the first ones first
   * @throws InvalidArgumentError naming the rule that cannot be used
   */
  constructor(identity: RouterIdentity, texts: readonly string[]) {
    if (texts.length > MAX_MASQUERADE_RULES) {
      const expected = `${MAX_MASQUERADE_RULES} at most`;
      throw new InvalidArgumentError(FIELD, `${texts.length} rules`, expected);
    }
    const mappings: Mapping[] = [];
    for (const text of texts) {
      const rule = parseMasqueradeRule(text);
      const mapping = { ...rule, host: hostOf(identity, rule, text) };
      for (const part of withoutTaken(mapping, mappings)) {
        if (mappings.some((other) => shareTarget(part, other))) {
          const expected = 'ports of a host that no other rule leads to';
          throw new InvalidArgumentError(FIELD, formatMasqueradeRule(rule), expected);
        }
        mappings.push(part);
      }
    }
    this.#protocols = Uint8Array.from(mappings, ({ protocol }) => protocol);
    this.#firsts = Int32Array.from(mappings, ({ first }) => first);
    this.#lasts = Int32Array.from(mappings, ({ last }) => last);
    this.shifts = Int32Array.from(mappings, ({ shift }) => shift);
    this.hosts = Uint8Array.from(mappings.flatMap(({ host }) => [...host]));
  }

  /** The number of the mapping of a port of the router's address, or {@link NO_MAPPING}. */
  ofPort(protocol: number, port: number): number {
    for (let index = 0; index < this.#protocols.length; index++) {
      if (
        this.#protocols[index] === protocol &&
        port >= this.#firsts[index]! &&
        port <= this.#lasts[index]!
      ) {
        return index;
      }
    }
    return NO_MAPPING;
  }

  /** The number of the mapping to a port of the host whose address is at `at`, or {@link NO_MAPPING}. */
  ofHost(protocol: number, port: number, bytes: Uint8Array, at: number): number {
    for (let index = 0; index < this.#protocols.length; index++) {
      const unshifted = port - this.shifts[index]!;
      if (
        this.#protocols[index] === protocol &&
        unshifted >= this.#firsts[index]! &&
        unshifted <= this.#lasts[index]! &&
        sameIPv6Address(this.hosts, IPV6_ADDRESS_BYTES * index, bytes, at)
      ) {
        return index;
      }
    }
    return NO_MAPPING;
  }
}

/**
 * The host of a rule. It has to be where packets to it do not come back to the tunnel: replies of a peer would
 * take another way and not be rewritten.
 */
function hostOf(identity: RouterIdentity, { host }: MasqueradeRule, text: string): Uint8Array {
  const { ownAddress, profile, subnetPrefix } = identity;
  if (host === null || sameIPv6Address(host, 0, ownAddress, 0)) return ownAddress;
  const isTunneled = subnetPrefix.contains(host, 0)
    ? !isHostAddress(identity, host, 0)
    : is6bed4Prefixed(profile, host, 0);
  if (isTunneled || !isIPv6Routable(host)) {
    const expected = 'a host on the IPv6 side, or none for the computer of the router';
    throw new InvalidArgumentError(FIELD, JSON.stringify(text), expected);
  }
  return host;
}

/** The parts of a mapping whose ports no earlier one has. */
function withoutTaken(mapping: Mapping, earlier: readonly Mapping[]): Mapping[] {
  let parts = [mapping];
  for (const { protocol, first, last } of earlier) {
    if (protocol !== mapping.protocol) continue;
    parts = parts.flatMap((part) => [
      { ...part, last: Math.min(part.last, first - 1) },
      { ...part, first: Math.max(part.first, last + 1) },
    ]);
    parts = parts.filter((part) => part.first <= part.last);
  }
  return parts;
}

/** Whether two mappings lead to a port of a host in common. */
function shareTarget(left: Mapping, right: Mapping): boolean {
  return (
    left.protocol === right.protocol &&
    left.first + left.shift <= right.last + right.shift &&
    right.first + right.shift <= left.last + left.shift &&
    sameIPv6Address(left.host, 0, right.host, 0)
  );
}

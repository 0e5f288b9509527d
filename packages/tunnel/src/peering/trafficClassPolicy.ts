/*
 * The traffic class on a 6bed4 network (draft-04 §6):
 *
 *   |  2 |  1  |  3  |  2  |
 *   +----+-----+-----+-----+
 *   | PP | S/A | 000 | ECN |
 *   +----+-----+-----+-----+
 *
 * S on the wire, A from the application. Any other value in the middle is not 6bed4's.
 */
const POLICY_SHIFT = 6;
const POLICY_BITS = 0xc0;
const FLAG = 0x20;
const FOREIGN_BITS = 0x1c;
const ECN_BITS = 0x03;

/** The policy of a packet's sender for its path, as a number (draft-04 §6). */
export const Policy = {
  /** Direct only when known to be reliable; also for traffic classes that are not 6bed4's. */
  proper: 0,
  /** Never direct. */
  prohibited: 1,
  /** Direct while a direct path is being searched, then as `proper`. */
  presumptuous: 2,
  /** Direct always; an error to the sender where that fails. */
  persistent: 3,
} as const;

/** One of the numbers in {@link Policy}. */
export type PolicyCode = (typeof Policy)[keyof typeof Policy];

/**
 * The policy of a packet's sender for its path (draft-04 §6).
 *
 * - `proper`: direct when that is known to work.
 * - `prohibited`: never direct, nor a reason to search a direct path.
 * - `presumptuous`: direct at once while a path is being searched; then as `proper`.
 * - `persistent`: direct or not at all; refused once the search was in vain.
 */
export type PolicyName = 'proper' | 'prohibited' | 'presumptuous' | 'persistent';

/** Whether a traffic class, 0..255, can speak of peering. */
export function speaksOfPeering(value: number): boolean {
  return (value & FOREIGN_BITS) === 0;
}

/** The policy in a traffic class. */
export function policyOf(value: number): PolicyCode {
  return speaksOfPeering(value) ? ((value >>> POLICY_SHIFT) as PolicyCode) : Policy.proper;
}

/** The flag in a traffic class: Adaptive from the application, Seen on the wire. */
export function flagOf(value: number): boolean {
  return (value & (FLAG | FOREIGN_BITS)) === FLAG;
}

/** A traffic class, 0..255, with a policy; where it was not 6bed4's, only ECN is kept. */
export function withPolicy(value: number, policy: PolicyCode): number {
  const kept = speaksOfPeering(value) ? value & ~POLICY_BITS : value & ECN_BITS;
  return kept | (policy << POLICY_SHIFT);
}

/** A traffic class that {@link speaksOfPeering} with the flag as it should be. */
export function withFlag(value: number, flag: boolean): number {
  return flag ? value | FLAG : value & ~FLAG;
}

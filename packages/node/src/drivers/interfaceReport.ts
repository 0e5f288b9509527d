/** Something that the interface of a daemon has to have, and has not. */
export interface MissingPart {
  /** Such as `address fc64::1` or `route fc64::/16 metric 1052`. */
  readonly part: string;
  /** Why, and what can be done about it. */
  readonly reason: string;
}

/** How the interface of a daemon is, compared with what it has to be. */
export interface InterfaceReport {
  /** Its name, which others may have changed. */
  readonly name: string;
  /** What is missing; nothing, usually. */
  readonly missing: readonly MissingPart[];
  /** What someone keeps removing, so that it is put back less often. */
  readonly disputed: readonly string[];
  /** Times that something was put back which others had removed. */
  readonly restorations: number;
}

/** Name of the state IFF_UP in {@link MissingPart}. */
export const UP = 'up';

/** Name of an address in {@link MissingPart}. */
export function addressName(address: string): string {
  return `address ${address}`;
}

/**
 * Whether packets to and from an address can pass.
 *
 * @param report - null for a daemon without interface, which has all its addresses
 */
export function hasAddress(report: InterfaceReport | null, address: string): boolean {
  const needed = [UP, addressName(address)];
  return !report?.missing.some(({ part }) => needed.includes(part));
}

import { setTrafficClass, trafficClass } from '@6bed4/nd';

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
const FLAG = 0x20;
const FOREIGN_BITS = 0x1c;

/** What the sender of a packet wants of its path (draft-04 §6). */
export const Policy = {
  /** Direct only when known to be reliable; also for traffic classes that are not 6bed4's. */
  proper: 0,
  /** Never direct. */
  prohibited: 1,
  /** Direct while a direct path is being looked for, then as `proper`. */
  presumptuous: 2,
  /** Direct always; an error to the sender where that fails. */
  persistent: 3,
} as const;

/** One of the numbers in {@link Policy}. */
export type PolicyCode = (typeof Policy)[keyof typeof Policy];

/** Whether a traffic class can speak of peering. */
export function speaksOfPeering(bytes: Uint8Array, offset: number): boolean {
  return (trafficClass(bytes, offset) & FOREIGN_BITS) === 0;
}

/** The policy in a packet. */
export function policyOf(bytes: Uint8Array, offset: number): PolicyCode {
  const value = trafficClass(bytes, offset);
  return (value & FOREIGN_BITS) === 0 ? ((value >>> POLICY_SHIFT) as PolicyCode) : Policy.proper;
}

/** The flag in a packet: Adaptive from the application, Seen on the wire. */
export function flagOf(bytes: Uint8Array, offset: number): boolean {
  return (trafficClass(bytes, offset) & (FLAG | FOREIGN_BITS)) === FLAG;
}

/** Sets the flag to what it should be, in a packet that {@link speaksOfPeering}. */
export function setFlag(bytes: Uint8Array, offset: number, flag: boolean): void {
  const value = trafficClass(bytes, offset);
  const wanted = flag ? value | FLAG : value & ~FLAG;
  if (wanted !== value) setTrafficClass(bytes, offset, wanted);
}

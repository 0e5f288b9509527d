/*
 * Sequence numbers are int32 here: the same bits as in the header, and never boxed. All comparisons are
 * modulo 2^32 (RFC 9293 §3.4), so they hold for numbers less than 2^31 apart.
 */

/** The number `count` bytes behind another one; `count` may be negative. */
export function advance(sequence: number, count: number): number {
  return (sequence + count) | 0;
}

/** Bytes from `from` to `to`, -2^31..2^31 − 1; negative when `to` comes first. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Whether `left` comes before `right`. */
export function isBefore(left: number, right: number): boolean {
  return ((left - right) | 0) < 0;
}

/** Whether `left` comes behind `right`. */
export function isAfter(left: number, right: number): boolean {
  return ((left - right) | 0) > 0;
}

/** The one of two numbers that comes later. */
export function later(left: number, right: number): number {
  return isAfter(left, right) ? left : right;
}

/** The one of two numbers that comes first. */
export function earlier(left: number, right: number): number {
  return isBefore(left, right) ? left : right;
}

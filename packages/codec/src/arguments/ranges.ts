import { InvalidArgumentError } from './invalidArgumentError.js';

/** The highest UDP port. */
export const HIGHEST_PORT = 0xffff;

/** The highest network identifier (draft-04 §3.3). */
export const HIGHEST_NETID = 0xffff;

/** The highest IPv4 TTL. */
export const HIGHEST_TTL = 0xff;

/**
 * Checks that a number is an integer in a range, both ends included.
 *
 * @param field - name to use in the error
 * @returns the value
 * @throws InvalidArgumentError
 */
export function checkInteger(
  field: string,
  value: number,
  lowest: number,
  highest: number,
): number {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    const expected = `an integer from ${lowest} to ${highest}`;
    throw new InvalidArgumentError(field, String(value), expected);
  }
  return value;
}

/**
 * Checks that a number is a UDP port.
 *
 * @param lowest - 0 where any port will do, 1 where a certain one is needed
 * @returns the value
 * @throws InvalidArgumentError
 */
export function checkPort(field: string, value: number, lowest: 0 | 1 = 0): number {
  return checkInteger(field, value, lowest, HIGHEST_PORT);
}

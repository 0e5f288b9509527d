import { randomInt } from 'node:crypto';

const RANGE = 2 ** 32;

/** A number in [0, 1) that nobody can predict: nonces and hash tables of the machines depend on it. */
export function secureRandom(): number {
  return randomInt(RANGE) / RANGE;
}

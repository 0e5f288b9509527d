import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { draft00 } from '../layouts/draft00.js';
import { draft01 } from '../layouts/draft01.js';
import { draft03 } from '../layouts/draft03.js';
import type { AddressLayout } from '../layouts/layout.js';

/**
 * A generation of the protocol. `draft03` is draft-vanrein-6bed4-02 and -03; `draft04` shares its
 * address layout.
 */
export type Dialect = 'draft00' | 'draft01' | 'draft03' | 'draft04';

const layouts: Readonly<Record<Dialect, AddressLayout>> = {
  draft00,
  draft01,
  draft03,
  draft04: draft03,
};

/** All dialects, oldest first. */
export const dialects: readonly Dialect[] = ['draft00', 'draft01', 'draft03', 'draft04'];

/** The address layout of a dialect. */
export function layoutOf(dialect: Dialect): AddressLayout {
  return layouts[dialect];
}

/**
 * Reads the name of a dialect.
 *
 * @throws InvalidArgumentError
 */
export function parseDialect(text: string): Dialect {
  const found = dialects.find((dialect) => dialect === text);
  if (found === undefined) {
    throw new InvalidArgumentError('dialect', JSON.stringify(text), dialects.join(', '));
  }
  return found;
}

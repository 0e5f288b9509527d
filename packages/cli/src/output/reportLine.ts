import { colors } from './color.js';
import { countText } from './quantities.js';

const NAME_WIDTH = 12;

/** A line of the report of a daemon. */
export function line(name: string, value: string): string {
  return `  ${colors.dim(name.padEnd(NAME_WIDTH))}${value}`;
}

/** Names and counts, without those that are 0. */
export function listOf(counts: readonly (readonly [string, number])[]): string {
  const some = counts.filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([name, n]) => `${name} ${countText(n)}`).join(', ');
}

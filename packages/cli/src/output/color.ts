import picocolors from 'picocolors';

/**
 * Whether to color output: standard output is a terminal that has colors, or color is forced.
 * picocolors by itself would also color what a program in a CI reads. See no-color.org.
 */
function isColorWanted(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

/** Functions that color text for standard output, or leave it as it is. */
export const colors = picocolors.createColors(isColorWanted());

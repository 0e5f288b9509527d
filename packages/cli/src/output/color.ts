import picocolors from 'picocolors';

/**
 * Whether a person looks: standard output is a terminal that knows colours, or colour is forced.
 * picocolors by itself would also colour what a program in a CI reads. See no-color.org.
 */
function isColourWanted(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

/** The colours of everything that the command prints. */
export const colours = picocolors.createColors(isColourWanted());

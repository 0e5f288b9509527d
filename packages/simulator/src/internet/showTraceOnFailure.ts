import type { Internet } from './internet.js';

/** Lines of the ladder that a failure shows. */
const MOST_LINES = 200;

/**
 * Runs what may fail; if it does, the error also tells the seed and shows the ladder of what happened.
 *
 * @throws Error with the failure as its cause
 */
export function withTrace<T>(internet: Internet, run: (internet: Internet) => T): T {
  try {
    return run(internet);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    const picture =
      internet.trace === null
        ? 'make the Internet with trace: true to see what happened'
        : internet.ladder({ lines: MOST_LINES });
    throw new Error(`${reason}\n\nseed ${internet.seed}, ${internet.now} ms\n${picture}`, {
      cause: failure,
    });
  }
}

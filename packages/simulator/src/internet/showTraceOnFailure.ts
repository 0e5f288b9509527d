import type { Internet } from './internet.js';

/** Lines of the ladder that a failure shows. */
const MOST_LINES = 200;

/**
 * Runs a function; when it throws, adds the seed and the ladder of the trace to the message.
 *
 * @throws Error with the failure as its cause
 */
export function showTraceOnFailure<T>(internet: Internet, run: (internet: Internet) => T): T {
  try {
    return run(internet);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    const datagrams =
      internet.trace === null
        ? 'create the Internet with trace: true to see the datagrams'
        : internet.ladder({ lines: MOST_LINES });
    throw new Error(`${reason}\n\nseed ${internet.seed}, ${internet.now} ms\n${datagrams}`, {
      cause: failure,
    });
  }
}

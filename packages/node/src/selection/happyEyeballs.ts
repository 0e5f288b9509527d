import { InvalidArgumentError } from '@6bed4/codec';
import { realTimers, type Timer, type Timers } from '../environment/timers.js';

/** One connection attempt; ends when the signal aborts. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T> | T;

/** Options of {@link race}. */
export interface RaceOptions<T> {
  /**
   * The Connection Attempt Delay of RFC 8305 §5: milliseconds from the start of an attempt to the start of
   * the next one; 10 to 2000, default 250 (§8).
   */
  readonly delay?: number;
  /** Aborts all attempts; the race rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Closes the result of an attempt that succeeds although it was aborted. */
  readonly discard?: (value: T) => void;
  /** The timers that the delay goes by; default: those of this platform. */
  readonly timers?: Timers;
}

const DEFAULT_DELAY_MS = 250;
const MINIMUM_DELAY_MS = 10;
const MAXIMUM_DELAY_MS = 2_000;

function checkDelay(delay: number): number {
  if (delay >= MINIMUM_DELAY_MS && delay <= MAXIMUM_DELAY_MS) return delay;
  const expected = `milliseconds from ${MINIMUM_DELAY_MS} to ${MAXIMUM_DELAY_MS}`;
  throw new InvalidArgumentError('delay', String(delay), expected);
}

/** The errors of all attempts as one, with the code of the first, as `net.connect` has it. */
function failure(errors: readonly unknown[]): AggregateError {
  const error = new AggregateError(errors, `all ${errors.length} attempts failed`);
  const [first] = errors as ({ code?: unknown } | undefined)[];
  return typeof first?.code === 'string' ? Object.assign(error, { code: first.code }) : error;
}

/**
 * Happy Eyeballs (RFC 8305 §5): starts attempts in their order, each when the Connection Attempt Delay of
 * the previous one has passed or it has failed, and resolves with the first that succeeds. Then the
 * others are aborted.
 *
 * Attempts are any asynchronous functions: connections, but also a request over UDP that resolves
 * with its response.
 *
 * @returns rejects with an `AggregateError` when all fail, whose `errors` are in the order of the
 * attempts and whose `code` is that of the first
 * @throws InvalidArgumentError for a delay that RFC 8305 forbids; RangeError when there is no attempt
 */
export async function race<T>(
  attempts: readonly Attempt<T>[],
  options: RaceOptions<T> = {},
): Promise<T> {
  const delay = checkDelay(options.delay ?? DEFAULT_DELAY_MS);
  const { signal, discard, timers = realTimers } = options;
  if (attempts.length === 0) throw new RangeError('attempts: found none, expected at least one');
  signal?.throwIfAborted();
  // Of attempts in flight; the winner's is dropped, since its stream may still listen to it.
  const controllers: (AbortController | null)[] = [];
  const errors: unknown[] = [];
  let failed = 0;
  let settled = false;
  let timer: Timer | undefined;
  let onAbort: (() => void) | undefined;
  const endDelay = (): void => {
    if (timer !== undefined) timers.clearTimeout(timer);
  };

  try {
    return await new Promise<T>((resolve, reject) => {
      const win = (index: number, value: T): void => {
        if (settled) {
          discard?.(value);
          return;
        }
        settled = true;
        controllers[index] = null;
        resolve(value);
      };
      const lose = (index: number, error: unknown): void => {
        if (settled) return;
        errors[index] = error;
        failed++;
        if (failed === attempts.length) {
          settled = true;
          reject(failure(errors));
        } else {
          startNext();
        }
      };
      const startNext = (): void => {
        endDelay();
        const index = controllers.length;
        const attempt = attempts[index];
        if (settled || attempt === undefined) return;
        const controller = new AbortController();
        controllers.push(controller);
        timer = timers.setTimeout(startNext, delay);
        // An attempt that throws at once is one that failed.
        new Promise<T>((done) => done(attempt(controller.signal))).then(
          (value) => win(index, value),
          (error) => lose(index, error),
        );
      };
      onAbort = () => {
        settled = true;
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      startNext();
    });
  } finally {
    endDelay();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    for (const controller of controllers) {
      controller?.abort(signal?.aborted ? signal.reason : undefined);
    }
  }
}

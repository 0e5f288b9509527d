import { InvalidArgumentError } from '@6bed4/codec';

/** One way to reach the aim; gives up when the signal says so. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T> | T;

/** What {@link race} may be told. */
export interface RaceOptions<T> {
  /**
   * Milliseconds that an attempt runs alone before the next one joins; 10 to 2000, default 250
   * (RFC 8305 §5 and §8: the Connection Attempt Delay).
   */
  readonly delay?: number;
  /** Ends the race: it rejects with the signal's reason, and all attempts are aborted. */
  readonly signal?: AbortSignal;
  /** Takes what attempts yield that succeed in spite of having been aborted, to close it. */
  readonly discard?: (value: T) => void;
}

const DEFAULT_DELAY_MS = 250;
const SHORTEST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 2_000;

function checkDelay(delay: number): number {
  if (delay >= SHORTEST_DELAY_MS && delay <= LONGEST_DELAY_MS) return delay;
  const expected = `milliseconds from ${SHORTEST_DELAY_MS} to ${LONGEST_DELAY_MS}`;
  throw new InvalidArgumentError('delay', String(delay), expected);
}

/** What all attempts had to say; the code is that of the first, as `net.connect` does it. */
function failure(errors: readonly unknown[]): AggregateError {
  const error = new AggregateError(errors, `all ${errors.length} attempts failed`);
  const [first] = errors as ({ code?: unknown } | undefined)[];
  return typeof first?.code === 'string' ? Object.assign(error, { code: first.code }) : error;
}

/**
 * Starts attempts one after the other, in their order, each when the one before has taken long or has
 * failed, and resolves with the first that succeeds (RFC 8305 §5, "Happy Eyeballs"). The others are
 * aborted.
 *
 * Attempts are any asynchronous functions: connections, but also a request over UDP that resolves
 * with its answer.
 *
 * @returns rejects with an `AggregateError` when all fail, whose `errors` are in the order of the
 * attempts and whose `code` is the first one's
 * @throws InvalidArgumentError for a delay that RFC 8305 forbids; RangeError when there is no attempt
 */
export async function race<T>(
  attempts: readonly Attempt<T>[],
  options: RaceOptions<T> = {},
): Promise<T> {
  const delay = checkDelay(options.delay ?? DEFAULT_DELAY_MS);
  const { signal, discard } = options;
  if (attempts.length === 0) throw new RangeError('attempts: found none, expected at least one');
  signal?.throwIfAborted();
  /** Of the attempts started; that of the winner goes, because his stream may still obey it. */
  const controllers: (AbortController | null)[] = [];
  const errors: unknown[] = [];
  let failed = 0;
  let settled = false;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;

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
        clearTimeout(timer);
        const index = controllers.length;
        const attempt = attempts[index];
        if (settled || attempt === undefined) return;
        const controller = new AbortController();
        controllers.push(controller);
        timer = setTimeout(startNext, delay);
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
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    for (const controller of controllers) {
      controller?.abort(signal?.aborted ? signal.reason : undefined);
    }
  }
}

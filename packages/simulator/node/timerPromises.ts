import type { Clock } from './clock.js';

/** Options of the functions of `node:timers/promises`. */
interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** As `setTimeout` of `node:timers/promises`. */
export function wait<T>(
  clock: Clock,
  delay?: number,
  value?: T,
  { signal }: WaitOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (isAborted(signal)) {
      reject(abortError(signal!));
      return;
    }
    const abort = (): void => {
      timer.close();
      reject(abortError(signal!));
    };
    const over = (): void => {
      signal?.removeEventListener('abort', abort);
      resolve(value as T);
    };
    const timer = clock.set(over, delay, [], false);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** As `setInterval` of `node:timers/promises`. */
export async function* repeat<T>(
  clock: Clock,
  delay?: number,
  value?: T,
  { signal }: WaitOptions = {},
): AsyncGenerator<T> {
  if (isAborted(signal)) throw abortError(signal!);
  let [due, wake] = [0, (): void => {}];
  const timer = clock.set(() => [due++, wake()], delay, [], true);
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      if (isAborted(signal)) throw abortError(signal!);
      if (due > 0) {
        due--;
        yield value as T;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    timer.close();
    signal?.removeEventListener('abort', abort);
  }
}

/** As `AbortSignal.timeout`. */
export function timeoutSignal(clock: Clock, delay: number): AbortSignal {
  const controller = new AbortController();
  const reason = (): DOMException =>
    new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  clock.set(() => controller.abort(reason()), delay, [], false);
  return controller.signal;
}

/** It may become so at any time. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

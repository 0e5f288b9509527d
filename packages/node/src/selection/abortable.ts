import type { Duplex } from 'node:stream';

/**
 * Resolves with a stream once it has emitted `connect`. Destroys it when it emits `error` before, or the signal
 * aborts: an attempt for `race`.
 *
 * @throws the error of the stream, or the reason of the signal
 */
export function untilConnected<S extends Duplex>(stream: S, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('connect', onConnect);
      stream.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    };
    const onConnect = (): void => {
      settle();
      resolve(stream);
    };
    const onError = (error: Error): void => {
      settle();
      stream.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      // A late error must not be unhandled.
      stream.on('error', () => undefined);
      stream.destroy();
      reject(signal.reason);
    };
    stream.once('connect', onConnect);
    stream.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/**
 * Stops waiting when the signal aborts, for what cannot be aborted, such as look-ups.
 *
 * @throws the error of the promise, or the reason of the signal
 */
export function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

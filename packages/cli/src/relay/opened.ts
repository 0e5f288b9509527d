import type { Connection } from './network.js';

/** Resolves when a connection is open. Destroys it when the attempt is aborted. */
export function opened(connection: Connection, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      connection.off('connect', onConnect);
      connection.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    };
    const onConnect = (): void => {
      settle();
      resolve(connection);
    };
    const onError = (error: Error): void => {
      settle();
      connection.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      // A late error must not be unhandled.
      connection.on('error', () => {});
      connection.destroy();
      reject(signal.reason);
    };
    connection.once('connect', onConnect);
    connection.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

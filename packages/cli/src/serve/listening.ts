import { StartError } from '@6bed4/node';

/** What listens at a port of the 6bed4 address. */
interface Listener {
  listen(port: number, listener: () => void): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * Makes a server listen at a port of the 6bed4 address. Later errors end nothing.
 *
 * @param name - of the service, for errors
 * @throws StartError
 */
export function listening(server: Listener, port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', ({ code = 'unknown error' }) => {
      const why =
        code === 'EADDRINUSE' ? 'another service has the same port; give each its own' : code;
      reject(new StartError(code, `${name} cannot be served: ${why}`));
    });
    server.listen(port, resolve);
  });
}

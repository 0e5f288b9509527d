import { setImmediate } from '../../realTimers.js';
import type { Libc, Readiness } from './libc.js';

/**
 * Calls back while a descriptor can be read, once for each turn of the event loop: in a callback of Node.js, where
 * exceptions, promises and ticks work.
 */
export function whenReadable(libc: Libc, fd: number, drain: () => void): Readiness {
  let isScheduled = false;
  const run = (): void => {
    isScheduled = false;
    drain();
  };
  return libc.watch(fd, () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(run);
  });
}

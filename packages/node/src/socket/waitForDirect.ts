import type { PathChanged, RemoteSnapshot } from '@6bed4/tunnel';
import type { Timer, Timers } from '../environment/timers.js';
import { StartError } from '../errors.js';
import { isTimeout } from '../longTimeout.js';

import { invalidValue } from './dgramErrors.js';

const DEFAULT_TIMEOUT = 10_000;
/** Milliseconds. Both sides need traffic to search for a path, and draft04 to confirm it. */
const ECHO_INTERVAL = 500;

/** Options of {@link Tunnel.waitForDirect}. */
export interface WaitForDirectOptions {
  /** Milliseconds; Infinity for no bound; default 10000. */
  readonly timeout?: number;
  /** Aborts waiting. */
  readonly signal?: AbortSignal;
}

/** The paths of a tunnel. */
interface Paths {
  path(remote: string): RemoteSnapshot | null;
  on(event: 'path', listener: (change: Omit<PathChanged, 'type'>) => void): unknown;
  off(event: 'path', listener: (change: Omit<PathChanged, 'type'>) => void): unknown;
}

/** See {@link Tunnel.waitForDirect}; `sendEcho` returns whether there was an address to send from. */
export async function searchDirectPath(
  tunnel: Paths,
  remote: string,
  sendEcho: () => boolean,
  { timeout = DEFAULT_TIMEOUT, signal }: WaitForDirectOptions,
  timers: Timers,
): Promise<RemoteSnapshot> {
  if (!isTimeout(timeout)) throw invalidValue('timeout', 'milliseconds above 0', timeout);
  signal?.throwIfAborted();
  const direct = (): RemoteSnapshot | null => {
    const snapshot = tunnel.path(remote);
    return snapshot === null || snapshot.path === 'relayed' ? null : snapshot;
  };
  const found = direct();
  if (found !== null) return found;
  const deadline = timers.now() + timeout;
  let echoes = 0;
  let wake: () => void = () => {};
  const look = (): void => wake();
  tunnel.on('path', look);
  try {
    for (;;) {
      const left = deadline - timers.now();
      if (left <= 0) throw notFound(remote, timeout, echoes);
      if (sendEcho()) {
        echoes++;
        if (tunnel.path(remote) === null) throw impossible(remote);
      }
      await changeOrTime(timers, Math.min(ECHO_INTERVAL, left), signal, (resolve) => {
        wake = () => {
          if (direct() !== null) resolve();
        };
      });
      const snapshot = direct();
      if (snapshot !== null) return snapshot;
    }
  } finally {
    tunnel.off('path', look);
  }
}

/** Waits for a time, or until `onChange` resolves; rejects when the signal aborts. */
async function changeOrTime(
  timers: Timers,
  delay: number,
  signal: AbortSignal | undefined,
  onChange: (resolve: () => void) => void,
): Promise<void> {
  signal?.throwIfAborted();
  let timer: Timer | undefined;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = timers.setTimeout(resolve, delay);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      onChange(resolve);
    });
  } finally {
    if (timer !== undefined) timers.clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

function notFound(remote: string, timeout: number, echoes: number): StartError {
  const requests = echoes === 1 ? '1 echo request' : `${echoes} echo requests`;
  const message = `no direct path to ${remote} within ${timeout} ms, after ${requests}; packets take the router`;
  return new StartError('ETIMEDOUT', message);
}

function impossible(remote: string): StartError {
  const message = `${remote} cannot be reached directly: its address names no endpoint that may be sent to, the peering strategy looks for no paths, or too many remotes are known`;
  return new StartError('EHOSTUNREACH', message);
}

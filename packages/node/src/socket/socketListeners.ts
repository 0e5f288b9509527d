import type { EventEmitter } from 'node:events';

type Emitter = Pick<EventEmitter, 'on' | 'once' | 'removeListener'>;

/** Calls `close` when the signal aborts, unless the socket has closed before. */
export function closeOn(signal: AbortSignal, socket: Emitter, close: () => void): void {
  if (signal.aborted) {
    close();
    return;
  }
  signal.addEventListener('abort', close, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', close));
}

/** Listens for `listening` once, unless `error` comes first. */
export function onceListening(socket: Emitter, callback: () => void): void {
  const remove = (): void => {
    socket.removeListener('error', remove);
    socket.removeListener('listening', listening);
  };
  const listening = (): void => {
    remove();
    callback.call(socket);
  };
  socket.on('error', remove);
  socket.on('listening', listening);
}

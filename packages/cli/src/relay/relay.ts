import type { Connection } from './network.js';

/**
 * Milliseconds without a byte that one connection may take to end once the other is closed, the least for a connection
 * that is being closed (RFC 5382 §5 REQ-5). Nobody else counts it then, and its remote may never take what is left.
 */
const CLOSING_TIMEOUT = 240_000;

/**
 * Relays bytes between two open connections until both are closed. What one side does, the other sees: a FIN
 * ends only its direction, so that half-closed connections work; a reset, a failure, or an end before all bytes
 * were written becomes a reset. Each side is read only as fast as the other takes it.
 *
 * @param idleTimeout - milliseconds without a byte in either direction after which both are reset
 */
export function relay(one: Connection, other: Connection, idleTimeout: number): void {
  const onIdle = (): void => {
    one.resetAndDestroy();
    other.resetAndDestroy();
  };
  // Every byte is read on the one side or written to it, so that its timer sees both directions.
  one.setTimeout(idleTimeout, onIdle);
  other.on('timeout', onIdle);
  relayEnd(one, other, idleTimeout);
  relayEnd(other, one, idleTimeout);
  one.pipe(other);
  other.pipe(one);
}

function relayEnd(from: Connection, to: Connection, idleTimeout: number): void {
  // What follows an error is the event `close`.
  from.on('error', () => {});
  from.once('close', () => {
    if (isWhole(from)) to.setTimeout(Math.min(idleTimeout, CLOSING_TIMEOUT));
    else to.resetAndDestroy();
  });
  if (from.destroyed) to.resetAndDestroy();
}

/** Whether both directions of a closed connection came to their end. */
function isWhole(connection: Connection): boolean {
  return connection.readableEnded && connection.writableFinished;
}

import type { Connection } from './network.js';

/** Milliseconds for which what the other side still sends is read and thrown away. */
const LINGER = 1_000;

/**
 * Ends a connection after what was written to it. It goes on reading for a moment: a close with unread bytes is a
 * reset, which may overtake the last answer (RFC 9112 §9.6).
 */
export function closeGently(connection: Connection): void {
  connection.on('error', () => {});
  connection.end();
  connection.resume();
  const timer = setTimeout(() => connection.destroy(), LINGER);
  connection.once('close', () => clearTimeout(timer));
}

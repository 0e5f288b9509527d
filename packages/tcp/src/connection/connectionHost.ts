import type { MemoryPool } from '../segment/memoryPool.js';
import type { SegmentWriter } from '../segment/segmentWriter.js';

/** What a connection reports; several of the same kind may be reported as one. */
export type TcpEvent =
  /** The handshake is complete. */
  | 'open'
  /** There is more to read, or the end of the data. */
  | 'readable'
  /** There is room to write again. */
  | 'writable'
  /** Nothing passes any more: both sides have ended, or there is an error. */
  | 'closed';

/** The demands of a connection on its stack. */
export interface ConnectionHost<C> {
  readonly writer: SegmentWriter;
  readonly memory: MemoryPool;
  /** Sends what the writer has. */
  send(length: number): void;
  event(connection: C, event: TcpEvent): void;
  /** Has {@link TcpConnection.output} called when the driver flushes the stack. */
  postpone(connection: C): void;
  /** The deadline, or the state, may be another one. */
  rescheduled(connection: C): void;
  /** Whether a segment may be answered that shows that somebody guesses (RFC 5961 §7). */
  allowsChallenge(now: number): boolean;
  /** Whether a reset may be sent to who acknowledges what was never sent. */
  allowsReset(now: number): boolean;
  /** Whether the handshake may end: whether its listener, if there is one, has room. */
  mayOpen(connection: C): boolean;
}

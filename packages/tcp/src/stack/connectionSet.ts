import type { TcpConnection } from '../connection/connection.js';
import type { TcpEndpoint } from '../connection/connectionOptions.js';
import type { Segment } from '../segment/segment.js';
import { ConnectionTable } from './connectionTable.js';
import type { TcpCounters } from './counters.js';
import { DeadlineQueue } from './deadlineQueue.js';
import type { TcpListener } from './listener.js';

/** The connections of a stack, and what waits for a time or makes room for others. */
export class ConnectionSet {
  readonly #maximum: number;
  readonly #counters: TcpCounters;
  readonly #table: ConnectionTable<TcpConnection>;
  readonly #deadlines = new DeadlineQueue<TcpConnection>();
  /** The listeners of connections whose handshake is not complete, the oldest first. */
  readonly #pending = new Map<TcpConnection, TcpListener>();
  /** Connections in TIME-WAIT, the oldest first. */
  readonly #waiting = new Set<TcpConnection>();

  constructor(random: () => number, maximum: number, counters: TcpCounters) {
    this.#table = new ConnectionTable(random);
    this.#maximum = maximum;
    this.#counters = counters;
  }

  get count(): number {
    return this.#table.count;
  }

  /** The earliest deadline; infinite without any. */
  get nextDeadline(): number {
    return this.#deadlines.next;
  }

  find(segment: Segment): TcpConnection | null {
    return this.#table.find(segment);
  }

  between(local: TcpEndpoint, remote: TcpEndpoint): TcpConnection | null {
    const { address, port } = local;
    return this.#table.between(address, 0, port, remote.address, 0, remote.port);
  }

  add(connection: TcpConnection): void {
    this.#table.add(connection);
  }

  /** A connection is about to be opened from outside. */
  begin(connection: TcpConnection, listener: TcpListener): void {
    listener.halfOpen++;
    this.#pending.set(connection, listener);
  }

  /** The listener of a connection whose handshake is not complete. */
  listenerOf(connection: TcpConnection): TcpListener | undefined {
    return this.#pending.get(connection);
  }

  /** The handshake of a connection is over; returns its listener, the first time. */
  settle(connection: TcpConnection): TcpListener | undefined {
    const listener = this.#pending.get(connection);
    if (listener === undefined) return undefined;
    this.#pending.delete(connection);
    listener.halfOpen--;
    return listener;
  }

  /** Gives up all connections of a listener whose handshake is not complete. */
  abandon(listener: TcpListener, now: number): void {
    for (const [connection, its] of this.#pending) if (its === listener) connection.abort(now);
  }

  /** State or deadline of a connection are others. */
  update(connection: TcpConnection): void {
    if (connection.state === 'CLOSED') {
      this.#remove(connection);
      return;
    }
    if (connection.state === 'TIME-WAIT') this.#waiting.add(connection);
    this.#deadlines.update(connection);
  }

  /** Ends the connection that matters least, if there is no room for another one. */
  makeRoom(now: number): boolean {
    if (this.count < this.#maximum) return true;
    const [oldest] = this.#waiting.size > 0 ? this.#waiting : this.#pending.keys();
    if (oldest === undefined) return false;
    this.#counters.evicted++;
    oldest.fail('ECONNABORTED', now);
    return true;
  }

  /** Lets those act whose time has come. */
  expire(now: number): void {
    const deadlines = this.#deadlines;
    for (let one = deadlines.due(now); one !== null; one = deadlines.due(now)) {
      one.expire(now);
      // A deadline that did not move would come for ever.
      if (one.heapIndex >= 0 && one.deadline <= now && deadlines.due(now) === one) break;
    }
  }

  #remove(connection: TcpConnection): void {
    this.#deadlines.remove(connection);
    this.#waiting.delete(connection);
    if (this.#table.remove(connection)) connection.leavePool();
  }
}

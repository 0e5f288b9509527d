import type { TcpConnection } from '@6bed4/tcp';
import { clearTimeout, setTimeout } from '../realTimers.js';

/** Milliseconds that a connection without a socket waits for the end of the other side, as on Linux. */
const FIN_WAIT_TIME = 60_000;
const CHECK_INTERVAL = 50;
const SLOW_CHECK_INTERVAL = 1_000;

interface Orphan {
  readonly since: number;
  readonly holds: boolean;
}

/** The demands of {@link Orphans}. */
export interface OrphanHost {
  readonly clock: () => number;
  retain(): void;
  release(): void;
  settle(): void;
}

/** Connections whose sockets are gone: what was written still arrives. */
export class Orphans {
  readonly #host: OrphanHost;
  readonly #connections = new Map<TcpConnection, Orphan>();
  #timer: NodeJS.Timeout | null = null;
  #holds = false;

  constructor(host: OrphanHost) {
    this.#host = host;
  }

  /** @param holds - whether the process stays alive until all has arrived */
  add(connection: TcpConnection, holds: boolean): void {
    if (isOver(connection)) return;
    this.#connections.set(connection, { since: this.#host.clock(), holds });
    if (holds && isSending(connection)) this.#setHold(true);
    this.#timer ??= setTimeout(this.#expire, CHECK_INTERVAL).unref();
  }

  /** Whether something has not arrived yet. */
  get areSending(): boolean {
    for (const connection of this.#connections.keys()) if (isSending(connection)) return true;
    return false;
  }

  clear(): void {
    this.#connections.clear();
    this.#check();
  }

  readonly #expire = (): void => {
    this.#timer = null;
    this.#check();
  };

  #check(): void {
    const now = this.#host.clock();
    let holds = false;
    let isAnySending = false;
    for (const [connection, orphan] of this.#connections) {
      // Nobody will read what arrives, and the other side has to know (RFC 1122 §4.2.2.13).
      const isUnread = connection.readable > 0;
      const isLate = !isSending(connection) && now - orphan.since > FIN_WAIT_TIME;
      if (isUnread || isLate) connection.abort(now);
      if (isOver(connection)) this.#connections.delete(connection);
      else if (isSending(connection)) {
        isAnySending = true;
        holds ||= orphan.holds;
      }
    }
    this.#host.settle();
    this.#setHold(holds);
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    if (this.#connections.size === 0) return;
    // All is over soon as a rule.
    const interval = isAnySending ? CHECK_INTERVAL : SLOW_CHECK_INTERVAL;
    this.#timer = setTimeout(this.#expire, interval).unref();
  }

  #setHold(holds: boolean): void {
    if (holds === this.#holds) return;
    this.#holds = holds;
    if (holds) this.#host.retain();
    else this.#host.release();
  }
}

function isSending({ state }: TcpConnection): boolean {
  return state !== 'FIN-WAIT-2' && state !== 'TIME-WAIT' && state !== 'CLOSED';
}

function isOver({ state }: TcpConnection): boolean {
  return state === 'TIME-WAIT' || state === 'CLOSED';
}

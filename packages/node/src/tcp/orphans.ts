import type { TcpConnection } from '@6bed4/tcp';
import type { Timer, Timers } from '../environment/timers.js';

const CHECK_INTERVAL = 50;

/** The demands of {@link Orphans}. */
export interface OrphanHost {
  readonly timers: Timers;
  retain(): void;
  release(): void;
}

/** Connections whose sockets are gone, until all that was written has arrived. */
export class Orphans {
  readonly #host: OrphanHost;
  /** With whether the process stays alive for them. */
  readonly #connections = new Map<TcpConnection, boolean>();
  #timer: Timer | null = null;
  #isHolding = false;

  constructor(host: OrphanHost) {
    this.#host = host;
  }

  /** @param holds - whether the process stays alive until all has arrived */
  add(connection: TcpConnection, holds: boolean): void {
    if (!isSending(connection)) return;
    this.#connections.set(connection, holds);
    if (holds) this.#hold(true);
    if (this.#timer === null) this.#checkLater();
  }

  /** Whether something has not arrived yet. */
  get areSending(): boolean {
    for (const connection of this.#connections.keys()) if (isSending(connection)) return true;
    return false;
  }

  /** Waits for none of them any more. */
  clear(): void {
    this.#connections.clear();
    this.#hold(false);
  }

  // The end of the data is acknowledged without an event.
  readonly #check = (): void => {
    this.#timer = null;
    let holds = false;
    for (const [connection, isHolding] of this.#connections) {
      if (!isSending(connection)) this.#connections.delete(connection);
      else holds ||= isHolding;
    }
    this.#hold(holds);
    if (this.#connections.size > 0) this.#checkLater();
  };

  #checkLater(): void {
    this.#timer = this.#host.timers.setTimeout(this.#check, CHECK_INTERVAL);
    this.#timer.unref();
  }

  #hold(holds: boolean): void {
    if (holds === this.#isHolding) return;
    this.#isHolding = holds;
    if (holds) this.#host.retain();
    else this.#host.release();
  }
}

function isSending({ state }: TcpConnection): boolean {
  return state !== 'FIN-WAIT-2' && state !== 'TIME-WAIT' && state !== 'CLOSED';
}

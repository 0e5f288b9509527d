import type { RemoteInfo } from 'node:dgram';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import { setImmediate } from '../realTimers.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { PortBinding } from './portBinding.js';

/** A message for a socket, or an error. */
type Arrival =
  | { readonly binding: PortBinding; readonly message: Buffer; readonly from: RemoteInfo }
  | { readonly binding: PortBinding; readonly error: SystemErrorCode };

/**
 * What sockets are to learn of. Only one event is passed on in each turn of the event loop, as by `node:dgram`: what a
 * listener defers by `process.nextTick` or a promise runs before the next.
 */
export class ArrivalQueue {
  readonly #arrivals: Arrival[] = [];
  #next = 0;
  /** Turns of our own that will come. */
  #turns = 0;
  #port: Pick<DatagramPort, 'turn'> | null = null;
  /** The turn of the port in which an event was passed on last. */
  #usedTurn: number | null = null;

  /** Sets the port that everything comes from. */
  attach(port: Pick<DatagramPort, 'turn'> | undefined): void {
    this.#port = port ?? null;
  }

  push(arrival: Arrival): void {
    this.#arrivals.push(arrival);
  }

  /** Passes on what arrived, now that the machine has finished: the first at once if this turn is free. */
  flush(): void {
    const waiting = this.#arrivals.length - this.#next;
    if (waiting === 0) return;
    const turn = this.#port?.turn ?? null;
    const isFree = this.#turns === 0 && (turn === null || turn !== this.#usedTurn);
    // A turn that the port does not count ends, for all that is known, when one of our own begins.
    const wanted = isFree && turn !== null ? waiting - 1 : waiting;
    while (this.#turns < wanted) {
      this.#turns++;
      setImmediate(this.#takeTurn);
    }
    if (!isFree) return;
    this.#usedTurn = turn;
    this.#deliverNext();
  }

  /** Drops what waits. */
  clear(): void {
    this.#arrivals.length = 0;
    this.#next = 0;
  }

  readonly #takeTurn = (): void => {
    this.#turns--;
    if (this.#next < this.#arrivals.length) this.#deliverNext();
  };

  #deliverNext(): void {
    const arrival = this.#arrivals[this.#next++]!;
    if (this.#next === this.#arrivals.length) this.clear();
    if ('message' in arrival) arrival.binding.deliver(arrival.message, arrival.from);
    else arrival.binding.reportError(arrival.error);
  }
}

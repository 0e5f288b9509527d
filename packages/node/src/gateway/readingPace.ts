import { ByteRate } from '@6bed4/gateway';
import type { WebSocket } from 'ws';
import { setImmediate, setTimeout } from '../realTimers.js';

/** Bytes of a datagram for which there is time at the highest rate; many shorter ones are read more slowly. */
const SHORT_MESSAGE = 400;
/** Datagrams that can be read at once, and in a second, whatever the rate. */
const LEAST_MESSAGES = 2_000;
/** Milliseconds for which nothing is read of a client that sends more than that, at least and at most. */
const [SHORTEST_REST, LONGEST_REST] = [20, 1_000];
const MS_PER_SECOND = 1000;

/** Reads the datagrams of a client no faster than it may send them: each takes time, however short it is. */
export class ReadingPace {
  readonly #messages: ByteRate;
  readonly #perSecond: number;
  /** Messages that were read beyond what the client may send. */
  #excess = 0;

  /** @param bytesPerSecond - that the client may send */
  constructor(bytesPerSecond: number) {
    this.#perSecond = Math.max(LEAST_MESSAGES, bytesPerSecond / SHORT_MESSAGE);
    this.#messages = new ByteRate({ perSecond: this.#perSecond, burst: this.#perSecond });
  }

  /** Datagrams or a receipt were read of a WebSocket: reads no more for a while if there were too many. */
  read(socket: WebSocket, count: number, now: number): void {
    if (this.#messages.take(count, now)) return;
    this.#excess += count;
    if (socket.isPaused) return;
    socket.pause();
    // What has been read already is still handed over.
    setImmediate(() => {
      const time = (this.#excess / this.#perSecond) * MS_PER_SECOND;
      this.#excess = 0;
      const rest = Math.min(LONGEST_REST, Math.max(SHORTEST_REST, time));
      setTimeout(() => socket.resume(), rest).unref();
    });
  }
}

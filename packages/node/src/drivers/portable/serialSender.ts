import type { Socket } from 'node:dgram';

/** One datagram that waits for its turn; the bytes are its own. */
export interface WaitingDatagram {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  /** Does to the socket what only this datagram needs. */
  readonly before: (() => void) | null;
  /** Undoes that. */
  readonly after: (() => void) | null;
}

/**
 * Sends one datagram after the other, each when the system has taken the one before.
 *
 * Node.js hands datagrams to the system before `send` returns. Deno does so later, and those of one
 * moment in reverse order; nor does it report how many wait.
 */
export class SerialSender {
  readonly #socket: Socket;
  readonly #done: (error: Error | null) => void;
  readonly #waiting: WaitingDatagram[] = [];
  #bytes = 0;
  #closed = false;

  /** @param done - called for each datagram, with the error if the system refused it */
  constructor(socket: Socket, done: (error: Error | null) => void) {
    this.#socket = socket;
    this.#done = done;
  }

  /** Whether a socket needs this. */
  static isNeededFor(socket: Partial<Socket>): boolean {
    return typeof socket.getSendQueueCount !== 'function';
  }

  /** Datagrams that the system has not taken yet. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  send(datagram: WaitingDatagram): void {
    this.#waiting.push(datagram);
    this.#bytes += datagram.bytes.length;
    if (this.#waiting.length === 1) this.#sendFirst();
  }

  /** The socket is about to be closed: what waits is lost. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #sendFirst(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    const { bytes, address, port, before, after } = first;
    before?.();
    this.#socket.send(bytes, 0, bytes.length, port, address, (error) => {
      if (this.#closed) return;
      after?.();
      this.#waiting.shift();
      this.#bytes -= bytes.length;
      this.#done(error);
      this.#sendFirst();
    });
  }
}

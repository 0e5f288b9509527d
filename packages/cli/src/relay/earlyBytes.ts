import type { Connection } from './network.js';

/** Bytes that are kept of a client that does not wait; then it is not read until it has its connection. */
const MOST_BYTES = 1 << 16;

/**
 * What a client sends before there is a connection to relay to. It is read meanwhile, so that its end is noticed.
 */
export class EarlyBytes {
  readonly #client: Connection;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  /** @param first - bytes that were read already */
  constructor(client: Connection, first: Buffer) {
    this.#client = client;
    client.on('data', this.#onData);
    if (first.length > 0) this.#onData(first);
    client.resume();
    this.#holdIfMany();
  }

  /** Ends reading, and writes what was read to the connection that there is now. */
  passTo(connection: Connection): void {
    this.#client.off('data', this.#onData);
    this.#client.pause();
    for (const chunk of this.#chunks.splice(0)) connection.write(chunk);
  }

  /** Forgets what was read; further bytes are not kept. */
  discard(): void {
    this.#client.off('data', this.#onData);
    this.#chunks.length = 0;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#holdIfMany();
  };

  #holdIfMany(): void {
    if (this.#length > MOST_BYTES) this.#client.pause();
  }
}

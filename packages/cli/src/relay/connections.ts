import type { RelayLimits } from '../options/relayOptions.js';
import type { Connection } from './network.js';

/** What is counted about connections, in `6bed4 status --json`. */
export interface ConnectionCounts {
  /** Open at present. */
  readonly open: number;
  /** Since the start, with those that are open. */
  readonly accepted: number;
  /** Connections and requests that came to nothing, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Bytes from the clients of the service, and to them. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** The connections that a service has accepted: counted, limited in number, and closed with it. */
export class Connections {
  readonly #limits: Pick<RelayLimits, 'maxConnections'>;
  readonly #open = new Set<Connection>();
  readonly #failed: Record<string, number> = {};
  #accepted = 0;
  #bytesReceived = 0;
  #bytesSent = 0;

  /** @param limits - read for each connection */
  constructor(limits: Readonly<Pick<RelayLimits, 'maxConnections'>>) {
    this.#limits = limits;
  }

  /** Takes a connection; false, and it is reset, when there are too many. */
  add(connection: Connection): boolean {
    if (this.#open.size >= this.#limits.maxConnections) {
      this.failed('limit');
      connection.on('error', () => {});
      connection.resetAndDestroy();
      return false;
    }
    this.#accepted++;
    this.#open.add(connection);
    connection.once('close', () => {
      this.#open.delete(connection);
      this.#bytesReceived += connection.bytesRead;
      this.#bytesSent += connection.bytesWritten;
    });
    return true;
  }

  /** Counts a failure. */
  failed(reason: string): void {
    this.#failed[reason] = (this.#failed[reason] ?? 0) + 1;
  }

  counts(): ConnectionCounts {
    let [received, sent] = [this.#bytesReceived, this.#bytesSent];
    for (const { bytesRead, bytesWritten } of this.#open) {
      received += bytesRead;
      sent += bytesWritten;
    }
    return {
      open: this.#open.size,
      accepted: this.#accepted,
      failed: { ...this.#failed },
      bytesReceived: received,
      bytesSent: sent,
    };
  }

  /** Resets all that are open. */
  close(): void {
    for (const connection of this.#open) connection.resetAndDestroy();
  }
}

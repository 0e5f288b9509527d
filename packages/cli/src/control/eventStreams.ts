import type { Socket } from 'node:net';
import { ACCEPTANCE_LINE } from './controlRequest.js';
import type { DaemonEvent } from './daemonEvents.js';

/** Bytes that may wait for a client that reads too slowly. */
const MOST_WAITING = 256 << 10;

/** The event that each client gets first: from now on, nothing is missed. */
const FIRST = 'watching';
/** The event that tells of others that were not sent. */
const LOST = 'events-lost';

/** A client, and how many events it has missed. */
interface Watcher {
  readonly client: Pick<Socket, 'write' | 'writableLength'>;
  lost: number;
}

/**
 * The clients that are sent all events of a daemon, each as a line of JSON. One that does not read gets none beyond
 * 256 kB, and is told how many it missed as soon as it reads again.
 */
export class EventStreams {
  readonly #watchers = new Set<Watcher>();
  readonly #daemon: object;

  /** @param daemon - what each client is told first, about the daemon */
  constructor(daemon: object) {
    this.#daemon = daemon;
  }

  /** Sends events to a client until it leaves. */
  add(client: Socket): void {
    const watcher: Watcher = { client, lost: 0 };
    client.write(ACCEPTANCE_LINE);
    client.write(lineOf(FIRST, this.#daemon));
    client.once('end', () => client.end());
    client.once('close', () => this.#watchers.delete(watcher));
    client.on('drain', () => this.#tellLost(watcher));
    this.#watchers.add(watcher);
  }

  /** Sends an event to all clients. */
  readonly send = (event: DaemonEvent): void => {
    if (this.#watchers.size === 0) return;
    const line = `${JSON.stringify(event)}\n`;
    for (const watcher of this.#watchers) {
      if (watcher.client.writableLength + line.length > MOST_WAITING) {
        watcher.lost++;
        continue;
      }
      this.#tellLost(watcher);
      watcher.client.write(line);
    }
  };

  #tellLost(watcher: Watcher): void {
    const { lost: count } = watcher;
    if (count === 0) return;
    watcher.lost = 0;
    watcher.client.write(lineOf(LOST, { count }));
  }
}

function lineOf(event: string, fields: object): string {
  const whole: DaemonEvent = { time: new Date().toISOString(), event, ...fields };
  return `${JSON.stringify(whole)}\n`;
}

import { formatEndpoint } from '@6bed4/codec';
import type { PathChanged, PathKind } from '@6bed4/tunnel';
import { LineLimit } from './lineLimit.js';
import type { Logger } from './logger.js';

/** Milliseconds between two summaries of what inbound remotes caused. */
const SUMMARY_INTERVAL = 600_000;

type Change = Omit<PathChanged, 'type'>;

/** Changes of paths, by the new path. */
export type PathCounts = Readonly<Record<PathKind, number>>;

/**
 * Logs the changes of paths. Those to outbound remotes get a line each. Those to inbound remotes, of which a
 * stranger can cause any number, are counted, and the counts are logged now and then; details get at most
 * 60 lines a minute.
 */
export class PathLog {
  readonly #log: Logger;
  readonly #inbound: Record<PathKind, number> = { direct: 0, lan: 0, relayed: 0 };
  readonly #timer: NodeJS.Timeout;
  readonly #limit: LineLimit;
  #isChanged = false;

  /** @param now - milliseconds that never go back */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#limit = new LineLimit(now);
    this.#timer = setInterval(() => this.summarize(), SUMMARY_INTERVAL).unref();
  }

  /** Changes of paths to inbound remotes so far. */
  get inbound(): PathCounts {
    return { ...this.#inbound };
  }

  /** Takes a change. */
  changed(change: Change): void {
    if (change.direction === 'outbound') {
      this.#log.info(fieldsOf(change), `path ${change.path}`);
      return;
    }
    this.#inbound[change.path]++;
    this.#isChanged = true;
    if (this.#log.isLevelEnabled('debug') && this.#limit.allows()) {
      this.#log.debug({ ...fieldsOf(change), direction: 'inbound' }, `path ${change.path}`);
    }
  }

  /** Logs the counts, if they are others than last time. */
  summarize(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#log.info(this.#inbound, 'paths of inbound remotes so far');
  }

  /** Logs the last summary. */
  close(): void {
    clearInterval(this.#timer);
    this.summarize();
  }
}

function fieldsOf({ remote, path, endpoint, confirmedBy, roundTrip }: Change): object {
  return {
    event: 'path',
    path,
    remote,
    endpoint: endpoint === null ? null : formatEndpoint(endpoint),
    confirmedBy,
    roundTripMs: roundTrip === null ? null : Math.round(roundTrip * 10) / 10,
  };
}

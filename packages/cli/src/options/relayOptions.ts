import type { Command } from 'commander';
import { integer } from './numbers.js';

/** Seconds; shorter ones would end connections that are in use (RFC 5382 §5 REQ-5). */
const DEFAULT_IDLE_TIMEOUT = 7_440;
const LONGEST_IDLE_TIMEOUT = 604_800;
const DEFAULT_CONNECTIONS = 1_024;
const MOST_CONNECTIONS = 65_536;
const MS_PER_SECOND = 1_000;

/** Options of what relays connections, as parsed. */
export interface RelayFlags {
  readonly maxConnections?: number;
  readonly idleTimeout?: number;
}

/** Limits of what relays connections; they may change while it runs. */
export interface RelayLimits {
  /** Upper bound of the open connections, for each listener, or of the remotes of a UDP service. */
  maxConnections: number;
  /** Milliseconds without a byte after which a connection is reset. */
  idleTimeout: number;
}

/** Adds the options of what relays connections. */
export function addRelayOptions(command: Command): Command {
  return command
    .option(
      '--max-connections <N>',
      `open connections of each proxy and service at most; default: ${DEFAULT_CONNECTIONS}`,
      integer(1, MOST_CONNECTIONS),
    )
    .option(
      '--idle-timeout <S>',
      `seconds without a byte until a connection is reset; default: ${DEFAULT_IDLE_TIMEOUT}`,
      integer(1, LONGEST_IDLE_TIMEOUT),
    );
}

/** The limits that the options ask for; times in milliseconds. */
export function limitsOf({
  maxConnections = DEFAULT_CONNECTIONS,
  idleTimeout = DEFAULT_IDLE_TIMEOUT,
}: RelayFlags): RelayLimits {
  return { maxConnections, idleTimeout: idleTimeout * MS_PER_SECOND };
}

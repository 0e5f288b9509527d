import type { DaemonCounters, DriverReport, StartError } from '@6bed4/node';
import type { Logger } from 'pino';
import type { ControlServer } from '../control/controlServer.js';

/** What routers and peers have in common when they end. */
export interface Mortal {
  on(event: 'error', listener: (error: StartError) => void): unknown;
  on(event: 'warning', listener: (error: StartError) => void): unknown;
  counters(): DaemonCounters;
  driver(): DriverReport;
  close(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What a daemon does from its start to its end. */
export interface Life<T> {
  readonly log: Logger;
  /** Where it is asked how it is; null for nowhere. */
  readonly control: ControlServer | null;
  readonly start: () => Promise<T>;
  /** It works: tell, and listen to what happens to it. */
  readonly started: (daemon: T) => void;
  readonly status: (daemon: T) => object | Promise<object>;
}

/** Runs a daemon from its start until a signal ends it or it fails. A second signal ends it at once. */
export async function live<T extends Mortal>(life: Life<T>): Promise<void> {
  try {
    await run(life);
  } finally {
    await life.control?.close();
  }
}

async function run<T extends Mortal>(life: Life<T>): Promise<void> {
  const { log, control } = life;
  // Signals count from the beginning: one that comes while the daemon starts ends it once it has.
  const signalled = new Promise<string>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, resolve);
  });
  const daemon = await life.start();
  const failed = new Promise<never>((_, reject) => {
    daemon.on('error', reject);
  });
  daemon.on('warning', ({ message }) => log.warn(message));
  control?.serve(() => life.status(daemon));
  life.started(daemon);
  log.debug(fieldsOf(daemon.driver()), 'driver');
  const signal = await Promise.race([signalled, failed]);
  const counters = daemon.counters();
  await daemon.close();
  log.debug(counters, 'counters');
  log.debug({ signal }, 'stopped');
}

/** A driver in one line: what is off comes with the reason. */
function fieldsOf({ name, reason, workers, offloads }: DriverReport): object {
  const states = offloads.map(({ name, active, reason }) => [
    name,
    active ? 'on' : `off (${reason})`,
  ]);
  return { driver: name, reason, workers, ...Object.fromEntries(states) };
}

import type { DaemonCounters, DriverReport, StartError } from '@6bed4/node';
import type { Logger } from 'pino';
import type { ControlServer } from '../control/controlServer.js';

/** The part of routers and peers that running one needs. */
export interface ManagedDaemon {
  on(event: 'error', listener: (error: StartError) => void): unknown;
  on(event: 'warning', listener: (error: StartError) => void): unknown;
  counters(): DaemonCounters;
  driver(): DriverReport;
  close(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A daemon to run, and the outputs that it has. */
export interface DaemonRun<T> {
  readonly log: Logger;
  /** Its status socket; null for none. */
  readonly control: ControlServer | null;
  readonly start: () => Promise<T>;
  /** Called once it has started, to report that and to listen to its events. */
  readonly onStarted: (daemon: T) => void;
  readonly status: (daemon: T) => object | Promise<object>;
}

/** Runs a daemon from its start until a signal ends it or it fails. A second signal ends it at once. */
export async function runDaemon<T extends ManagedDaemon>(run: DaemonRun<T>): Promise<void> {
  try {
    await runUntilEnd(run);
  } finally {
    await run.control?.close();
  }
}

async function runUntilEnd<T extends ManagedDaemon>(run: DaemonRun<T>): Promise<void> {
  const { log, control } = run;
  // Signals count from the beginning: one that comes while the daemon starts ends it once it has.
  const signalled = new Promise<string>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, resolve);
  });
  const daemon = await run.start();
  const failed = new Promise<never>((_, reject) => {
    daemon.on('error', reject);
  });
  daemon.on('warning', ({ message }) => log.warn(message));
  control?.serve(() => run.status(daemon));
  run.onStarted(daemon);
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

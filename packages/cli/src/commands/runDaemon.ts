import type { DaemonCounters, DriverReport, StartError } from '@6bed4/node';
import type { ControlServer } from '../control/controlServer.js';
import type { ProcessStatus } from '../control/status.js';
import type { MetricsServer } from '../metrics/metricsServer.js';
import type { ListenAddress } from '../options/listenAddress.js';
import type { DaemonLog } from '../output/log.js';
import { capabilitiesInUse } from '../process/capabilities.js';
import { listenToSignals } from '../process/signals.js';

/** The part of routers and peers that running one needs. */
export interface ManagedDaemon {
  on(event: 'error', listener: (error: StartError) => void): unknown;
  on(event: 'warning', listener: (error: StartError) => void): unknown;
  counters(): DaemonCounters;
  driver(): DriverReport;
  close(): Promise<void>;
}

/** For how long a failed daemon waits until its error message is read, in milliseconds. */
const LONGEST_MESSAGE = 500;

/** A daemon to run, and the outputs that it has. */
export interface DaemonRun<T> {
  readonly log: DaemonLog;
  /** Its status socket; null for none. */
  readonly control: ControlServer | null;
  /** Where it answers Prometheus; absent for nowhere. */
  readonly metrics?: ListenAddress | undefined;
  readonly start: () => Promise<T>;
  /** Called once it has started, to report that and to listen to its events. */
  readonly onStarted: (daemon: T) => void;
  /** Called before it is closed, also after a failure; it waits for that. */
  readonly onEnding?: () => void | Promise<void>;
  readonly status: (daemon: T, process: ProcessStatus) => object | Promise<object>;
}

/** Runs a daemon from its start until a signal ends it or it fails. A second signal ends it at once. */
export async function runDaemon<T extends ManagedDaemon>(run: DaemonRun<T>): Promise<void> {
  let metrics: MetricsServer | null = null;
  let signal: NodeJS.Signals | null = null;
  try {
    metrics = run.metrics === undefined ? null : await openMetrics(run.metrics);
    signal = await runUntilEnd(run, metrics);
  } finally {
    await Promise.all([run.control?.close(), metrics?.close(), run.log.close()]);
    // Nobody may read the error message that follows; the process ends nevertheless.
    setTimeout(() => leave(signal), LONGEST_MESSAGE).unref();
  }
}

/** Loads what only those need who ask for it. */
async function openMetrics(address: ListenAddress): Promise<MetricsServer> {
  const { MetricsServer } = await import('../metrics/metricsServer.js');
  return MetricsServer.open(address);
}

/**
 * Ends the process. An exit waits for threads that wait for the resolver of the system, which may take
 * half a minute; where there are some, the signal has its usual effect.
 */
function leave(signal: NodeJS.Signals | null): void {
  const isResolving = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap');
  if (signal !== null && isResolving) process.kill(process.pid, signal);
  else process.exit();
}

/** @returns the signal that ended it */
async function runUntilEnd<T extends ManagedDaemon>(
  run: DaemonRun<T>,
  metrics: MetricsServer | null,
): Promise<NodeJS.Signals> {
  const { control } = run;
  const { logger } = run.log;
  let running: T | null = null;
  // Signals count from the beginning: one that comes while the daemon starts ends it once it has.
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    listenToSignals({
      end: resolve,
      report: () => logger.info(running?.counters() ?? {}, 'counters'),
      toggleDetail() {
        logger.level = logger.isLevelEnabled('debug') ? 'info' : 'debug';
        logger.info(`log level ${logger.level}`);
      },
    });
  });
  const daemon = await run.start();
  running = daemon;
  const failed = new Promise<never>((_, reject) => {
    daemon.on('error', reject);
  });
  daemon.on('warning', ({ message }) => logger.warn(message));
  const status = (): object | Promise<object> => {
    const { linesLost: logLinesLost } = run.log;
    return run.status(daemon, { logLinesLost, capabilities: capabilitiesInUse() });
  };
  control?.serve(status);
  metrics?.serve(status);
  run.onStarted(daemon);
  logger.debug(fieldsOf(daemon.driver()), 'driver');
  const signal = await Promise.race([signalled, failed]).finally(() => run.onEnding?.());
  const counters = daemon.counters();
  await daemon.close();
  logger.debug(counters, 'counters');
  logger.debug({ signal }, 'stopped');
  return signal;
}

/** A driver in one line: what is off comes with the reason. */
function fieldsOf({ name, reason, workers, offloads }: DriverReport): object {
  const states = offloads.map(({ name, active, reason }) => [
    name,
    active ? 'on' : `off (${reason})`,
  ]);
  return { driver: name, reason, workers, ...Object.fromEntries(states) };
}

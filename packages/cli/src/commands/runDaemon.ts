import { type DriverReport, type PeerDaemon, type RouterDaemon, StartError } from '@6bed4/node';
import { type Changes, type Reload, Reloader } from '../config/reload.js';
import { type Claims, tellWhoRuns } from '../control/alreadyRunning.js';
import { sendCapture } from '../control/captureStream.js';
import type { ControlServer, StreamSource } from '../control/controlServer.js';
import { watchDaemon } from '../control/daemonEvents.js';
import { setDraining } from '../control/drainRequest.js';
import { EventStreams } from '../control/eventStreams.js';
import type { ProcessStatus } from '../control/status.js';
import { MetricsEndpoint } from '../metrics/metricsEndpoint.js';
import type { CommonFlags } from '../options/daemonOptions.js';
import { type DaemonLog, levelOf } from '../output/log.js';
import { capabilitiesInUse } from '../process/capabilities.js';
import { programName } from '../process/programName.js';
import { ServiceManager } from '../process/serviceManager.js';
import { listenToSignals, type SignalActions } from '../process/signals.js';
import { releaseStartMemory } from '../process/startMemory.js';
import { referenceCommand } from '../reference/commands.js';

/** The part of routers and peers that running one needs. */
export interface ManagedDaemon {
  on(event: 'error', listener: (error: StartError) => void): unknown;
  on(event: 'warning', listener: (error: StartError) => void): unknown;
  /** What it has counted, where that is not what its tunnel has. */
  counters?(): object;
  close(): Promise<void>;
}

/** For how long a failed daemon waits until its error message is read, in milliseconds. */
const LONGEST_MESSAGE = 500;

/** A daemon to run, and the outputs that it has. */
export interface DaemonRun<T, F extends CommonFlags> {
  readonly log: DaemonLog;
  /** Its status socket; null for none. */
  readonly control: ControlServer | null;
  readonly flags: F;
  /** How its configuration is read again; null without one. */
  readonly reload: Reload<F, T> | null;
  readonly start: () => Promise<T>;
  /** What it wants for itself. */
  readonly claims: Claims;
  /** Called once it has started, to report that and to listen to its events. */
  readonly onStarted: (daemon: T) => void;
  /** Called on SIGUSR1, after the counters were logged. */
  readonly onReportSignal?: (daemon: T) => void;
  /** Called before it is closed, also after a failure; it waits for that. */
  readonly onEnding?: () => void | Promise<void>;
  readonly status: (daemon: T, process: ProcessStatus) => object | Promise<object>;
  /** The part that has a tunnel; null where there is none. */
  readonly tunnelOf: (daemon: T) => PeerDaemon | RouterDaemon | null;
  /** Of this program. */
  readonly version: string;
  /** What it does at present, in one line. */
  readonly describe: (daemon: T) => string;
}

/** Runs a daemon from its start until a signal ends it or it fails. A second signal ends it at once. */
export async function runDaemon<T extends ManagedDaemon, F extends CommonFlags>(
  run: DaemonRun<T, F>,
): Promise<void> {
  const metrics = new MetricsEndpoint();
  let signal: NodeJS.Signals | null = null;
  try {
    signal = await runUntilEnd(run, metrics);
  } catch (error) {
    // It is printed where the log may go, too.
    if (error instanceof StartError) error.message = run.log.redacted(error.message);
    throw error;
  } finally {
    await Promise.all([run.control?.close(), metrics.close(), run.log.close()]);
    // Nobody may read the error message that follows; the process ends nevertheless.
    setTimeout(() => leave(signal), LONGEST_MESSAGE).unref();
  }
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
async function runUntilEnd<T extends ManagedDaemon, F extends CommonFlags>(
  run: DaemonRun<T, F>,
  metrics: MetricsEndpoint,
): Promise<NodeJS.Signals> {
  const { control, flags } = run;
  const { logger } = run.log;
  const manager = await ServiceManager.find();
  const common = commonChanges(logger, metrics);
  const reloader = run.reload && new Reloader(run.reload, common, flags, logger);
  let running: T | null = null;
  const reload = async (daemon: T): Promise<void> => {
    if (reloader === null) return;
    manager?.reloading();
    await reloader.reload(daemon);
    manager?.reloaded();
  };
  // Signals count from the beginning: one that comes while the daemon starts ends it once it has.
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    const actions: SignalActions = {
      end: resolve,
      reload: () => running && void reload(running),
      report() {
        logger.info(running === null ? {} : countersOf(run, running), 'counters');
        if (running !== null) run.onReportSignal?.(running);
      },
      toggleDetail() {
        logger.level = logger.isLevelEnabled('debug') ? 'info' : 'debug';
        logger.info(`log level ${logger.level}`);
      },
    };
    listenToSignals(actions, reloader === null && endsByHangup());
  });
  const daemon = await metrics
    .listen(flags.metrics)
    .then(run.start)
    .catch(async (failure: unknown) => {
      throw await tellWhoRuns(failure, run.claims, control?.path);
    });
  running = daemon;
  const failed = new Promise<never>((_, reject) => {
    daemon.on('error', reject);
  });
  daemon.on('warning', ({ message }) => logger.warn(message));
  const status = (): object | Promise<object> => {
    const { linesLost: logLinesLost } = run.log;
    return run.status(daemon, { logLinesLost, capabilities: capabilitiesInUse() });
  };
  control?.serve(status, streamsOf(run.tunnelOf(daemon), run.version));
  metrics.serve(status);
  run.onStarted(daemon);
  const tunnel = run.tunnelOf(daemon);
  if (tunnel !== null) logger.debug(fieldsOf(tunnel.driver()), 'driver');
  manager?.ready(() => run.log.redacted(run.describe(daemon)));
  releaseStartMemory();
  const signal = await Promise.race([signalled, failed]).finally(() => {
    manager?.stopping();
    // What still reloads would reload what is closed.
    running = null;
    return run.onEnding?.();
  });
  const counters = countersOf(run, daemon);
  await daemon.close();
  logger.debug(counters, 'counters');
  logger.debug({ signal }, 'stopped');
  return signal;
}

/** What a daemon has counted. */
function countersOf<T extends ManagedDaemon, F extends CommonFlags>(
  run: DaemonRun<T, F>,
  daemon: T,
): object {
  return daemon.counters?.() ?? run.tunnelOf(daemon)?.counters() ?? {};
}

/** Whether SIGHUP is to end this process, as it ends the C commands. */
function endsByHangup(): boolean {
  return referenceCommand(programName()) !== undefined;
}

/** What clients of the control socket may watch. */
function streamsOf(tunnel: PeerDaemon | RouterDaemon | null, version: string): StreamSource {
  if (tunnel === null) {
    return ({ request }) => {
      throw new StartError('ENOTSUP', `this daemon has no tunnel to ${request}`);
    };
  }
  const events = new EventStreams({ version, pid: process.pid });
  watchDaemon(tunnel, events.send);
  return (request, client) => {
    switch (request.request) {
      case 'monitor':
        events.add(client);
        return undefined;
      case 'capture':
        return sendCapture(tunnel, request, client, version);
      case 'drain':
      case 'resume':
        return setDraining(tunnel, request.request === 'drain', client);
      default:
        throw new StartError('ENOTSUP', `this version knows no request ${request.request}`);
    }
  };
}

/** What changes while a daemon of any kind runs. */
function commonChanges(
  logger: DaemonLog['logger'],
  metrics: MetricsEndpoint,
): Changes<CommonFlags, unknown> {
  const setLevel = (_: unknown, flags: CommonFlags): void => {
    logger.level = levelOf(flags);
  };
  return {
    logLevel: setLevel,
    verbose: setLevel,
    metrics: (_, flags) => metrics.listen(flags.metrics),
  };
}

/** A driver in one line: what is off comes with the reason. */
function fieldsOf({ name, reason, workers, offloads }: DriverReport): object {
  const states = offloads.map(({ name, active, reason }) => [
    name,
    active ? 'on' : `off (${reason})`,
  ]);
  return { driver: name, reason, workers, ...Object.fromEntries(states) };
}

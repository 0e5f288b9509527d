import { openLog } from '../output/log.js';
import { ServiceManager } from '../process/serviceManager.js';
import { runCommandLine } from './announcement.js';
import { checkHealth, type HealthOptions } from './checkHealth.js';
import { DaemonWatch } from './daemonWatch.js';
import { failed, type HealthReport } from './healthCheck.js';
import { type Announcement, HealthWatch } from './healthWatch.js';

const MS_PER_SECOND = 1000;
/** Milliseconds from one check to the next at least, however often the daemon changes. */
const LEAST_PAUSE = 20;
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const;

const GONE: HealthReport = {
  checks: [failed('daemon', 'it has ended')],
  path: null,
  isFinal: true,
};

/** Options of {@link watchHealth}. */
export interface WatchOptions extends HealthOptions {
  /** Seconds between checks. */
  readonly interval: number;
  readonly rise: number;
  readonly fall: number;
  /** Command lines for the shell; absent for none. */
  readonly up?: string | undefined;
  readonly down?: string | undefined;
}

/** Checks a router again and again, and runs commands when it comes up and goes down, until a signal ends that. */
export async function watchHealth(options: WatchOptions): Promise<void> {
  const { interval, rise, fall } = options;
  const commands: Readonly<Record<Announcement, string | undefined>> = {
    up: options.up,
    down: options.down,
  };
  const log = await openLog({});
  const { logger } = log;
  const manager = await ServiceManager.find();
  let wake = (): void => {};
  let isEnding = false;
  let isAwake = false;
  const wakeUp = (): void => {
    isAwake = true;
    wake();
  };
  const onSignal = (): void => {
    isEnding = true;
    wakeUp();
  };
  for (const signal of ENDINGS) process.on(signal, onSignal);
  // What a router is asked that is ending waits in vain: the end of the connection tells sooner.
  const check = async (): Promise<HealthReport> => {
    for (;;) {
      if (daemon.takeLoss()) return GONE;
      const checked = checkHealth(options);
      const changed = new Promise<null>((resolve) => {
        wake = () => resolve(null);
      });
      const report = await Promise.race([checked, changed]);
      if (report !== null) return report;
      checked.catch(() => {});
      if (isEnding) return checked;
    }
  };
  const daemon = new DaemonWatch(wakeUp);
  const watch = new HealthWatch({
    rise,
    fall,
    check,
    announce: (announcement) => {
      const command = commands[announcement];
      return command === undefined ? Promise.resolve(null) : runCommandLine(command);
    },
    onAnnounced: (announcement, why) => logger.info(`${announcement}: ${why}`),
    onProblem: (announcement, problem) =>
      logger.warn(`the command of --${announcement} failed, and will be tried again: ${problem}`),
  });
  try {
    manager?.ready(() => log.redacted(watch.text));
    while (!isEnding) {
      isAwake = false;
      const { path } = await watch.check();
      if (path !== null) daemon.follow(path);
      if (isEnding) break;
      await pause(isAwake ? LEAST_PAUSE : interval * MS_PER_SECOND, (resume) => {
        wake = resume;
      });
    }
    manager?.stopping();
    await watch.end();
  } finally {
    for (const signal of ENDINGS) process.off(signal, onSignal);
    daemon.close();
    await log.close();
  }
}

/** Waits, or less if it is told to. */
function pause(milliseconds: number, useWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    useWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

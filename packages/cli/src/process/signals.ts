import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2];

/** What a daemon does on a signal. */
export interface SignalActions {
  /** SIGINT, SIGTERM and SIGQUIT; SIGHUP when a terminal is closed, or where it always ends. Called once. */
  end(signal: NodeJS.Signals): void;
  /** SIGHUP when there is no terminal. */
  reload(): void;
  /** SIGUSR1 */
  report(): void;
  /** SIGUSR2 */
  toggleDetail(): void;
}

/**
 * Listens to the signals of a daemon. After the first signal to end, the next one has its usual effect: it ends
 * the process at once.
 *
 * SIGHUP of a process without terminal does not end it. Node.js cannot know whether it was ignored from the
 * beginning, because it resets that when it starts; but whoever starts a daemon that is to outlive its terminal, by
 * nohup or otherwise, leaves it no standard stream that is one.
 *
 * @param hangupEnds - SIGHUP ends it in any case
 */
export function listenToSignals(actions: SignalActions, hangupEnds = false): void {
  const endings: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGQUIT'];
  if (hangupEnds || STANDARD_STREAMS.some((fd) => isatty(fd))) endings.push('SIGHUP');
  else process.on('SIGHUP', () => actions.reload());
  const end = (signal: NodeJS.Signals): void => {
    for (const ending of endings) process.off(ending, end);
    actions.end(signal);
  };
  for (const ending of endings) process.on(ending, end);
  // Without a listener, Node.js would open the port of its debugger.
  process.on('SIGUSR1', () => actions.report());
  process.on('SIGUSR2', () => actions.toggleDetail());
}

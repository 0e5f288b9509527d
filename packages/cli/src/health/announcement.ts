import { spawn } from 'node:child_process';

/** Seconds that a command may take. */
const LONGEST = 10;
const MS_PER_SECOND = 1000;

/**
 * Runs a command line by the shell of the system, which prints where this process does.
 *
 * @param longest - seconds that it may take
 * @returns null for success, else what went wrong
 */
export function runCommandLine(command: string, longest = LONGEST): Promise<string | null> {
  return new Promise((resolve) => {
    // A process group of its own, so that all of it ends when it takes too long.
    const child = spawn('/bin/sh', ['-c', command], {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
    }, longest * MS_PER_SECOND);
    const finish = (problem: string | null): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.once('error', ({ message }) => finish(message));
    child.once('exit', (code, signal) => {
      if (isLate) finish(`took more than ${longest} s`);
      else if (code === 0) finish(null);
      else finish(code === null ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

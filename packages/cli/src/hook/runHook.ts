import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 1_000;
/** Milliseconds for the last output of a hook that has ended: programs that it started may hold its outputs. */
const LAST_OUTPUT = 200;
/** Lines that a run of a hook may print. */
const MOST_LINES = 20;
/** Characters of a line; the rest is cut off. */
const LONGEST_LINE = 200;

/** What one run of a hook may take, and where its output goes. */
export interface HookLimits {
  /** Milliseconds after which it is ended. */
  readonly timeout: number;
  /** Called with each line that it prints, without control characters. */
  readonly onLine: (line: string) => void;
}

/**
 * Runs a hook to its end, by the shell: it may be a command with arguments of its own. It is bounded in time, together
 * with what it started and did not put into a session of its own, and in what it prints.
 *
 * @param args - words without characters that mean something to the shell
 * @returns why it failed, or null
 */
export function runHook(
  hook: string,
  args: readonly string[],
  { timeout, onLine }: HookLimits,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', `${hook} ${args.join(' ')}`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = new LineBudget(onLine);
    output.take(child.stdout);
    output.take(child.stderr);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      signalGroup(child, 'SIGTERM');
    }, timeout);
    const tooLate = setTimeout(() => signalGroup(child, 'SIGKILL'), timeout + GRACE);
    const end = (failure: string | null): void => {
      clearTimeout(late);
      clearTimeout(tooLate);
      if (isLate) signalGroup(child, 'SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      output.end();
      resolve(failure);
    };
    child.once('error', ({ message }) => end(message));
    child.once('exit', (code, signal) => {
      const failure = failureOf(code, signal, isLate ? timeout : null);
      const finish = (): void => {
        clearTimeout(waiting);
        child.off('close', finish);
        end(failure);
      };
      const waiting = setTimeout(finish, LAST_OUTPUT);
      child.once('close', finish);
    });
  });
}

function failureOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  timeout: number | null,
): string | null {
  if (timeout !== null) return `not done after ${timeout / 1000} s, ended`;
  if (signal !== null) return `ended by ${signal}`;
  return code === 0 ? null : `exit code ${code}`;
}

/** Sends a signal to a process and what it started. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid!, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Hands on the first lines of a run. Memory stays bounded, whatever it prints. */
class LineBudget {
  readonly #onLine: (line: string) => void;
  #count = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  take(stream: Readable): void {
    let line = '';
    const finish = (): void => {
      if (line !== '') this.#line(line);
      line = '';
    };
    stream.setEncoding('utf8');
    stream.on('error', () => {});
    stream.on('end', finish);
    stream.on('data', (text: string) => {
      const [rest, ...lines] = text.split('\n');
      line = (line + rest).slice(0, LONGEST_LINE);
      for (const next of lines) {
        finish();
        line = next.slice(0, LONGEST_LINE);
      }
    });
  }

  end(): void {
    const more = this.#count - MOST_LINES;
    if (more > 0) this.#onLine(`… ${more} more lines`);
  }

  #line(line: string): void {
    this.#count++;
    if (this.#count <= MOST_LINES) this.#onLine(line.replace(/\p{Cc}/gu, '?'));
  }
}

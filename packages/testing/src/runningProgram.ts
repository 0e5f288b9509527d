import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Exit code or signal of a process that has ended: one of the two is `null`. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Exit code and whole output of a process that has ended; no code after a signal. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One output of a program: as text, and line by line. */
interface Output {
  text: string;
  readonly lines: string[];
}

/** A program in a process of its own, whose output is kept line by line. */
export class RunningProgram {
  /** Resolves once the process is gone and all its output was read. */
  readonly ended: Promise<Ending>;
  readonly #stdout: Output = { text: '', lines: [] };
  readonly #stderr: Output = { text: '', lines: [] };
  readonly #child: ChildProcess;
  readonly #title: string;
  readonly #watchers = new Set<() => void>();
  #ending: Ending | null = null;

  /** @param title - name of the program in errors */
  constructor(
    command: string,
    args: readonly string[],
    title: string,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#title = title;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    this.#collect(child.stdout, this.#stdout);
    this.#collect(child.stderr, this.#stderr);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#ending = { code, signal };
        this.#notify();
        resolve(this.#ending);
      });
    });
    // A failure to start is reported to callers that wait; without one it is no unhandled rejection.
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#ending === null;
  }

  /** Lines of standard output so far. */
  get stdout(): readonly string[] {
    return this.#stdout.lines;
  }

  /** Lines of standard error so far. */
  get stderr(): readonly string[] {
    return this.#stderr.lines;
  }

  /** Waits for the end of the program; its exit code and output. */
  async outcome(): Promise<Outcome> {
    const { code } = await this.ended;
    return { code, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }

  /**
   * The first line on standard output or standard error that matches, also if it came before.
   *
   * @param timeout - milliseconds
   * @throws Error with all output of the program, when it ends or the time is over first
   */
  waitForLine(pattern: RegExp, timeout = 20_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle();
      };
      const look = (): void => {
        const line = this.#find(pattern);
        if (line !== undefined) finish(() => resolve(line));
        else if (!this.running) finish(() => reject(this.#failure(`ended without ${pattern}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(this.#failure(`no ${pattern} in ${timeout} ms`))),
        timeout,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeout = 10_000): Promise<Ending> {
    this.#child.kill(signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#failure(`still running ${timeout} ms after ${signal}`)),
        timeout,
      );
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #collect(stream: Readable, output: Output): void {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output.text += chunk;
    });
    createInterface({ input: stream }).on('line', (line) => {
      output.lines.push(line);
      this.#notify();
    });
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #find(pattern: RegExp): string | undefined {
    return [...this.stdout, ...this.stderr].find((line) => pattern.test(line));
  }

  #failure(what: string): Error {
    const output = [...this.stdout, ...this.stderr].map((line) => `  ${line}`).join('\n');
    return new Error(`${this.#title}: ${what}\n${output}`);
  }
}

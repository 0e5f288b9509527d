import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const STOP_MS = 5_000;

/** A running program; its output is kept up to a limit. */
export class Program {
  /** Milliseconds of `performance.now` at which it was started. */
  startedAt = performance.now();
  /** Resolves to `{ code, signal }` once it has exited. */
  ended;
  stdout = '';
  stderr = '';
  #child;
  #title;
  #running = true;
  #watchers = new Set();

  /** @param options - `quiet`: ignore its standard output; `stdin`: its standard input */
  constructor(command, args, title, { quiet = false, env = {} } = {}) {
    this.#title = title;
    this.#child = spawn(command, args, {
      stdio: ['ignore', quiet ? 'ignore' : 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    if (!quiet) this.#collect('stdout');
    this.#collect('stderr');
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#running = false;
        for (const look of this.#watchers) look();
        resolve({ code, signal });
      });
    });
    this.ended.catch(() => {});
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#running;
  }

  /** The first line of its output that matches, also if it came before; and its time. */
  waitForLine(pattern, timeout = 10_000) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle(value);
      };
      const look = () => {
        const line = `${this.stdout}\n${this.stderr}`.split('\n').find((one) => pattern.test(one));
        if (line !== undefined) finish(resolve, { line, at: performance.now() });
        else if (!this.#running) finish(reject, new Error(this.complaint(`no ${pattern}`)));
      };
      const late = () => finish(reject, new Error(this.complaint(`no ${pattern} in time`)));
      const timer = setTimeout(late, timeout);
      this.#watchers.add(look);
      look();
    });
  }

  /** Terminates it, and kills it after a while. */
  async stop() {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  /** An error with the output of the program. */
  complaint(what) {
    return `${this.#title}: ${what}\n${this.stdout}${this.stderr}`.trimEnd();
  }

  #collect(name) {
    const stream = this.#child[name];
    stream.setEncoding('utf8');
    createInterface({ input: stream }).on('line', (line) => {
      this[name] += `${line}\n`;
      for (const look of this.#watchers) look();
    });
  }
}

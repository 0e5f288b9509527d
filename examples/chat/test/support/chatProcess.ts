import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CHAT = fileURLToPath(new URL('../../chat.mjs', import.meta.url));

/** The program as a process: lines go in, lines come out. */
export class ChatProcess {
  readonly output: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  #notify: () => void = () => {};

  /** @param before - words that run the rest of the command line somewhere else */
  constructor(options: readonly string[], before: readonly string[] = [], program = CHAT) {
    const [command, ...words] = [...before, process.execPath, program, ...options];
    this.#child = spawn(command!, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    this.#ended = once(this.#child, 'exit');
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        this.output.push(line);
        this.#notify();
      });
    }
    this.#ended.then(() => this.#notify());
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line that matches, from line `after` on. */
  async line(pattern: RegExp, after = 0, timeout = 20_000): Promise<string> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const found = this.output.slice(after).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (left <= 0 || hasEnded) {
        throw new Error(
          `${hasEnded ? 'ended' : 'silent'} without ${pattern}:\n${this.output.join('\n')}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The fingerprint and the address that the program shows first. */
  async card(): Promise<string> {
    const line = await this.line(/^you are /);
    return /^you are ([a-z2-7-]+@[0-9a-f:]+)/.exec(line)![1]!;
  }

  /** Waits until it has ended by itself. */
  async end(): Promise<void> {
    await this.#ended;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#ended;
  }
}

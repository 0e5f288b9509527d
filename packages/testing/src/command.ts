import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The built command `6bed4`. */
export const COMMAND = fileURLToPath(new URL('../../cli/bin/6bed4.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../cli/dist/cli.js', import.meta.url));

/** What a program left. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tests of the command need it built. */
export function requireBuild(): void {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run "npx tsup" first`);
}

/** A running program, its output line by line. */
export class Program {
  readonly lines: string[] = [];
  readonly ended: Promise<Outcome>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const watcher of this.#watchers) watcher();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The first line of standard output that matches, also if it came before. */
  line(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = withResolvers<string>();
    const look = (): void => {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) resolve(found);
    };
    this.#watchers.add(look);
    void this.ended.then(({ stdout, stderr }) =>
      reject(new Error(`ended without ${pattern}\n${stdout}${stderr}`)),
    );
    look();
    return promise.finally(() => this.#watchers.delete(look));
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.#child.kill(signal);
    return this.ended;
  }
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Starts the built command `6bed4`. */
export function start(...args: readonly string[]): Program {
  return new Program([COMMAND, ...args]);
}

/** Starts the built command `6bed4` with changes to the environment. */
export function startIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): Program {
  return new Program([COMMAND, ...args], env);
}

/** Runs the built command `6bed4` to its end. */
export function run(...args: readonly string[]): Promise<Outcome> {
  return start(...args).ended;
}

/** Runs the built command `6bed4` to its end, with changes to the environment. */
export function runIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Outcome> {
  return startIn(env, ...args).ended;
}

/** Runs an ES module that can import what the package under test can, as built, to its end. */
export function runModule(code: string, ...flags: readonly string[]): Promise<Outcome> {
  return new Program([...flags, '--input-type=module', '--eval', code]).ended;
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PoolOptions, PoolRunnerInitializer, PoolWorker } from 'vitest/node';

/** A program that runs JavaScript as Node.js does, or a wrapper that starts one. */
export interface Engine {
  readonly file: string;
  /** What comes before the arguments of Node.js. */
  readonly args?: readonly string[];
}

/** How long a process may take to end before it is killed. */
const PATIENCE_MS = 5_000;

/** Process of tests on another program than the one that vitest runs on. */
class EngineWorker implements PoolWorker {
  readonly name: string;
  readonly cacheFs = true;
  readonly #engine: Engine;
  readonly #options: PoolOptions;
  #child: ChildProcess | null = null;

  constructor(name: string, engine: Engine, options: PoolOptions) {
    this.name = name;
    this.#engine = engine;
    this.#options = options;
  }

  get #process(): ChildProcess {
    if (this.#child === null) throw new Error('the process of tests was not started, or has ended');
    return this.#child;
  }

  on(event: string, callback: (arg: unknown) => void): void {
    this.#process.on(event, callback);
  }

  off(event: string, callback: (arg: unknown) => void): void {
    this.#child?.off(event, callback);
  }

  send(message: Parameters<PoolWorker['send']>[0]): void {
    this.#process.send(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  async start(): Promise<void> {
    const { distPath, execArgv, env, project } = this.#options;
    const child = fork(join(distPath, 'workers', 'forks.js'), [], {
      execPath: this.#engine.file,
      execArgv: [...(this.#engine.args ?? []), ...execArgv],
      env,
      stdio: 'pipe',
      // Its first byte names the format of V8, which has been the same from Node.js 18 to 26.
      serialization: 'advanced',
    });
    const { outputStream, errorStream } = project.vitest.logger;
    child.stdout!.on('data', (chunk: Buffer) => outputStream.write(chunk));
    child.stderr!.on('data', (chunk: Buffer) => errorStream.write(chunk));
    this.#child = child;
    // Throws where there is no such program.
    await once(child, 'spawn');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.kill();
    await ended;
    clearTimeout(timer);
  }
}

/**
 * Runs test files on another program, while vitest itself goes on where it was started: there it
 * transforms modules, reports and counts.
 */
export function enginePool(name: string, engine: Engine): PoolRunnerInitializer {
  return { name, createPoolWorker: (options) => new EngineWorker(name, engine, options) };
}

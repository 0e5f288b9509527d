import { type ResourceLimits, Worker } from 'node:worker_threads';
import { workerFile } from './workerFile.js';

const NAME = '6bed4';
/**
 * Upper bound of the memory for recently created objects, in MB. Packets make none; V8 would take more while it warms up,
 * and keep it.
 */
const LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 3 };

const KEY = Symbol.for('6bed4 early thread');
/** A command that consists of several files has as many copies of this module, for one thread. */
const everywhere: typeof globalThis & { [KEY]?: Worker | undefined } = globalThis;

/**
 * Starts the thread that the next daemon with the Linux driver takes, so that it starts while this program still loads
 * its own modules. A thread that none takes does not keep the process alive.
 */
export function startThreadEarly(): void {
  if (everywhere[KEY] !== undefined) return;
  const worker = startThread();
  everywhere[KEY] = worker;
  worker.unref();
  const forget = (): void => {
    if (everywhere[KEY] === worker) everywhere[KEY] = undefined;
  };
  // Whoever needs one starts another, and finds out why it fails.
  worker.once('error', forget);
  worker.once('exit', forget);
}

/** The thread that was started early, or a new one. It waits for its set-up as its first message. */
export function takeThread(): Worker {
  const worker = everywhere[KEY] ?? startThread();
  everywhere[KEY] = undefined;
  worker.ref();
  return worker;
}

/** Ends the thread that was started early, since the daemon has another driver. */
export function endEarlyThread(): void {
  void everywhere[KEY]?.terminate();
  everywhere[KEY] = undefined;
}

function startThread(): Worker {
  // What says that a program is given as text would be held against the worker's file.
  const isText = process.execArgv.some((one) => one.startsWith('--input-type'));
  const options = { name: NAME, resourceLimits: LIMITS, ...(isText ? { execArgv: [] } : {}) };
  return new Worker(workerFile(), options);
}

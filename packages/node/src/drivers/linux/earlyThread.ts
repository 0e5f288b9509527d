import { type ResourceLimits, Worker } from 'node:worker_threads';
import { workerFile } from './workerFile.js';

const NAME = '6bed4';
/**
 * Upper bound of the memory for recently created objects, in MB. Packets make none; V8 would take more while it warms up,
 * and keep it.
 */
const LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 3 };

let early: Worker | null = null;

/**
 * Starts the thread that the next daemon with the Linux driver takes, so that it starts while this program still loads
 * its own modules. A thread that none takes does not keep the process alive.
 */
export function startThreadEarly(): void {
  if (early !== null) return;
  const worker = startThread();
  early = worker;
  worker.unref();
  const forget = (): void => {
    if (early === worker) early = null;
  };
  // Whoever needs one starts another, and finds out why it fails.
  worker.once('error', forget);
  worker.once('exit', forget);
}

/** The thread that was started early, or a new one. It waits for its set-up as its first message. */
export function takeThread(): Worker {
  const worker = early ?? startThread();
  early = null;
  worker.ref();
  return worker;
}

function startThread(): Worker {
  // What says that a program is given as text would be held against the worker's file.
  const isText = process.execArgv.some((one) => one.startsWith('--input-type'));
  const options = { name: NAME, resourceLimits: LIMITS, ...(isText ? { execArgv: [] } : {}) };
  return new Worker(workerFile(), options);
}

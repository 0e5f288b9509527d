/** The thread that feeds inputs to one target: those of the corpus, and then changed ones, until the time is over. */
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.mjs';
import { Chance, mutate } from './mutate.mjs';

const { module, inputs, seed, milliseconds, current } = workerData;
/** Runs between two looks at the clock. */
const RUNS_PER_LOOK = 64;

const { target } = await import(module);
const length = new Int32Array(current, 0, 2);
const copy = new Uint8Array(current, 8);
const words = target.words ?? [];
const coverage = new Coverage();
const chance = new Chance(seed);
let runs = 0;

/** Runs the target; returns what it threw, or null. What runs is seen by the main thread, should it never end. */
function run(bytes) {
  copy.set(bytes);
  length[0] = bytes.length;
  length[1] = ++runs;
  try {
    target.run(Uint8Array.from(bytes));
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(`threw ${String(error)}`);
  }
}

/** What two failures have in common that are one fault: the place of the throw. */
function place(error) {
  return /\n\s+at (.*)/.exec(error.stack ?? '')?.[1] ?? error.message;
}

/** The shortest input that is found to fail in the same place. */
function shortened(bytes, error) {
  let shortest = bytes;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= shortest.length; ) {
      const less = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]);
      const again = run(less);
      if (again !== null && place(again) === place(error)) shortest = less;
      else at += size;
    }
  }
  return shortest;
}

function fail(bytes, error) {
  const shortest = shortened(bytes, error);
  const { stack } = run(shortest) ?? error;
  parentPort.postMessage({ kind: 'failure', bytes: shortest, stack });
}

/** Feeds inputs until one fails or the time is over; returns those that execute something new. */
function search(queue) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    for (let count = 0; count < RUNS_PER_LOOK; count++) {
      // The last ones reached what is new: every other time, one of these.
      const from = chance.below(2) ? 0 : Math.max(0, queue.length - 16);
      const parent = queue[from + chance.below(queue.length - from)];
      const input = mutate(parent, chance.pick(queue), words, target.longest, chance);
      const error = run(input);
      if (error !== null) {
        fail(input, error);
        return false;
      }
      if (coverage.take()) queue.push(input);
    }
  }
  return true;
}

/** Those of all inputs, the shortest first, that together execute everything. */
function cover(queue) {
  const least = [];
  coverage.forget();
  for (const input of queue.toSorted((a, b) => a.length - b.length)) {
    run(input);
    if (coverage.take(true)) least.push(input);
  }
  return least;
}

function start() {
  const queue = [Buffer.alloc(0)];
  coverage.reset();
  for (const input of [...(target.seeds ?? []), ...inputs].map((each) => Buffer.from(each))) {
    const error = run(input);
    if (error !== null) {
      fail(input, error);
      return;
    }
    coverage.take();
    if (input.length <= target.longest) queue.push(input);
  }
  const before = coverage.reached;
  const count = queue.length;
  if (!search(queue)) return;
  const { reached, size } = coverage;
  const found = queue.length - count;
  const seeds = new Set((target.seeds ?? []).map((each) => Buffer.from(each).toString('hex')));
  const least = cover(queue).filter((each) => !seeds.has(each.toString('hex')));
  parentPort.postMessage({ kind: 'done', runs, before, reached, size, found, least });
}

start();

/**
 * Feeds the parsers and machines with inputs that are changed at random, keeps those that execute what none did
 * before, and stops at one that makes a target throw or never end. Run it with `npm run fuzz`; arguments
 * name targets, as `nd/messages`, or packages. All targets are in the folders `test/fuzz` of packages.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Time in milliseconds after which one run is taken for one without end. */
const LONGEST_RUN = 20_000;
const LONGEST_INPUT = 1 << 20;
const SEEDS = 2 ** 31;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * SEEDS)) },
    // Writes the inputs that are worth it into the corpus, and removes those that are not.
    keep: { type: 'boolean', default: false },
  },
});

/** All targets: name, file and folder of the corpus. */
function listTargets() {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name, 'test/fuzz');
    return filesIn(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const target = file.slice(0, -'.ts'.length);
        return {
          name: `${name}/${target}`,
          file: join(folder, file),
          corpus: join(folder, 'corpus', target),
        };
      });
  });
}

function filesIn(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function chosen(targets) {
  if (positionals.length === 0) return targets;
  return positionals.flatMap((wanted) => {
    const found = targets.filter(({ name }) => name === wanted || name.startsWith(`${wanted}/`));
    if (found.length === 0) {
      throw new Error(`${wanted}: not one of ${targets.map(({ name }) => name).join(', ')}`);
    }
    return found;
  });
}

function nameOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

/** Writes an input into the corpus, so that every later run begins with it. */
function write(corpus, name, bytes) {
  mkdirSync(corpus, { recursive: true });
  writeFileSync(join(corpus, name), bytes);
  return relative(root, join(corpus, name));
}

/** Runs a target for a time. */
function run({ corpus }, module, milliseconds) {
  const current = new SharedArrayBuffer(LONGEST_INPUT + 8);
  const progress = new Int32Array(current, 0, 2);
  const inputs = filesIn(corpus).map((file) => readFileSync(join(corpus, file)));
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('loop.mjs', import.meta.url), {
      workerData: { module, inputs, seed: Number(values.seed), milliseconds, current },
    });
    let last = -1;
    const watch = setInterval(() => {
      if (progress[1] === last && last > 0) {
        const bytes = Buffer.from(Buffer.from(current).subarray(8, 8 + progress[0]));
        finish({ kind: 'failure', bytes, stack: `no end after ${LONGEST_RUN} ms` });
      }
      last = progress[1];
    }, LONGEST_RUN);
    const finish = (result) => {
      clearInterval(watch);
      void worker.terminate();
      resolve(result);
    };
    worker.on('message', finish);
    worker.on('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

/** Replaces the corpus by the inputs that are needed; what once failed stays. */
function keep(corpus, least) {
  const needed = new Map(least.map((bytes) => [nameOf(bytes), Buffer.from(bytes)]));
  for (const file of filesIn(corpus)) {
    if (!file.startsWith('crash-') && !needed.has(file)) rmSync(join(corpus, file));
  }
  for (const [name, bytes] of needed) if (bytes.length > 0) write(corpus, name, bytes);
}

function report({ name, corpus }, result, seconds) {
  if (result.kind === 'failure') {
    const path = write(corpus, `crash-${nameOf(result.bytes)}`, result.bytes);
    console.log(`${name}: ${result.stack}\n  input: ${path}, seed ${values.seed}`);
    // What a log keeps of a machine that is thrown away.
    console.log(`  ${Buffer.from(result.bytes).toString('base64')}`);
    process.exitCode = 1;
    return;
  }
  const { runs, before, reached, size, found, least } = result;
  const parts = [
    `${Math.round(runs / seconds)} runs a second`,
    `${reached} of ${size} counters reached (${reached - before} new)`,
    `${found} new inputs`,
  ];
  console.log(`${name}: ${parts.join(', ')}`);
  if (values.keep) keep(corpus, least);
}

const targets = chosen(listTargets());
const total = values.minutes === undefined ? Number(values.seconds) : 60 * Number(values.minutes);
const seconds = total / targets.length;
const folder = mkdtempSync(join(tmpdir(), '6bed4-fuzz-'));
console.log(`seed ${values.seed}, ${targets.length} targets, ${seconds.toFixed(1)} s each`);
try {
  await bundle(Object.fromEntries(targets.map(({ name, file }) => [name, file])), folder);
  for (const target of targets) {
    const module = join(folder, `${target.name}.mjs`);
    report(target, await run(target, module, seconds * 1000), seconds);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

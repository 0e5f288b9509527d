#!/usr/bin/env node
// `npm test`: everything that has to hold, in one run, set-up included. Each step runs even if one
// before it failed, and what failed is said again at the end. The last line is the count.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closingLine, sum, table, tallyCheck, tallyReport, withExitCode } from './lib/report.mjs';
import { install } from './lib/setup.mjs';
import { members, root, tools } from './lib/workspace.mjs';

/** A run that takes longer hangs. */
const TEST_MINUTES = 40;

const reports = join(root, 'reports');
const summaries = join(root, '.turbo', 'runs');
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);

// Where nobody watches there is no use for color, whatever the tools think of their surroundings.
if (!process.stdout.isTTY && !process.env.FORCE_COLOR) process.env.NO_COLOR = '1';

/** Prints, and waits until it is out: what a child prints next must not overtake it. */
function print(text) {
  return new Promise((resolve) => {
    process.stdout.write(text, resolve);
  });
}

/** Runs Node with arguments: quietly, its output returned, or with its output shown as it comes. */
function run(args, { show = false, timeout } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', ...(show ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
      timeout,
    });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => output.push(chunk));
    }
    child.on('error', (error) => resolve({ status: null, output: `${error.message}\n` }));
    child.on('close', (status) => {
      resolve({ status, output: Buffer.concat(output).toString() });
    });
  });
}

async function announce(tally, milliseconds) {
  tally.milliseconds = milliseconds;
  const mark = tally.failed === 0 ? paint(32, 'ok  ') : paint(31, 'FAIL');
  await print(`${mark} ${tally.label} ${paint(2, `${(milliseconds / 1000).toFixed(1)} s`)}\n`);
  return tally;
}

/** A step that is one check; shows its output if it fails, or always. */
async function check(label, args, { show = false } = {}) {
  const start = Date.now();
  const { status, output } = await run(args);
  if (show || status !== 0) await print(output);
  return announce(tallyCheck(label, status === 0), Date.now() - start);
}

/** Runs tasks of all packages; returns the exit code of each by `package#task`, and the output. */
async function turbo(tasks, args, options) {
  rmSync(summaries, { recursive: true, force: true });
  const { status, output } = await run(
    [tools.turbo, 'run', ...tasks, '--summarize', ...args],
    options,
  );
  const exitCodes = new Map();
  for (const name of existsSync(summaries) ? readdirSync(summaries) : []) {
    const summary = JSON.parse(readFileSync(join(summaries, name), 'utf8'));
    for (const { taskId, execution } of summary.tasks) {
      exitCodes.set(taskId, execution?.exitCode ?? null);
    }
  }
  return { status, output, exitCodes };
}

/** Build, types and packaging: one check each, over all packages. */
async function buildChecks() {
  const start = Date.now();
  const labels = { build: 'build', typecheck: 'types', packaging: 'packaging' };
  const tasks = Object.keys(labels);
  const { status, output, exitCodes } = await turbo(tasks, [
    '--continue=dependencies-successful',
    '--concurrency=2',
    '--output-logs=errors-only',
    '--log-order=grouped',
  ]);
  if (status !== 0) await print(output);
  const tallies = [];
  for (const task of tasks) {
    const failed = members()
      .filter(({ manifest }) => manifest.scripts?.[task] !== undefined)
      .filter(({ name }) => exitCodes.get(`${name}#${task}`) !== 0)
      .map(({ name }) => name);
    const tally = tallyCheck(labels[task], failed.length === 0, failed.join(', '));
    tallies.push(await announce(tally, Date.now() - start));
  }
  return tallies;
}

/** `vitest.config.ts` writes `<folder>.json`, `vitest.kernel.config.ts` writes `<folder>-kernel.json`. */
function expectedReports({ folder, label }) {
  return readdirSync(folder)
    .map((name) => /^vitest(?:\.(\w+))?\.config\.ts$/.exec(name))
    .filter((match) => match !== null)
    .map(([, variant]) => (variant === undefined ? label : `${label}-${variant}`));
}

function readReport(label) {
  try {
    return JSON.parse(readFileSync(join(reports, `${label}.json`), 'utf8'));
  } catch {
    return null;
  }
}

/** The tests of all packages, one package at a time: some measure time, some change the kernel. */
async function testRuns() {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);
  const configured = JSON.parse(readFileSync(join(root, 'turbo.json'), 'utf8')).tasks;
  const tasks = Object.keys(configured).filter((task) => /^test(:|$)/.test(task));
  const { exitCodes } = await turbo(
    tasks,
    ['--only', '--continue=always', '--concurrency=1', '--output-logs=full', '--log-order=stream'],
    { show: true, timeout: TEST_MINUTES * 60_000 },
  );
  return members().flatMap((member) => {
    const own = tasks.filter((task) => member.manifest.scripts?.[task] !== undefined);
    if (own.length === 0) return [];
    const codes = own.map((task) => exitCodes.get(`${member.name}#${task}`) ?? null);
    const worst = codes.find((code) => code !== 0) ?? 0;
    const expected = expectedReports(member);
    if (expected.length === 0) return [tallyCheck(member.label, worst === 0, `exit code ${worst}`)];
    const tallies = expected.map((label) => tallyReport(label, readReport(label)));
    return withExitCode(member.label, tallies, worst);
  });
}

function scriptTests() {
  const folder = join(root, 'scripts', 'test');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(folder, name));
}

try {
  install();
} catch (error) {
  console.error(error.message);
  console.log(closingLine(tallyCheck('set-up', false)));
  process.exit(1);
}
const tallies = [
  await check('lint', [
    tools.biome,
    'ci',
    '--error-on-warnings',
    `--colors=${color ? 'force' : 'off'}`,
    '.',
  ]),
  await check('purity', [join(root, 'scripts', 'purity.mjs')]),
  await check('scripts', ['--test', ...scriptTests()]),
  ...(await buildChecks()),
  await check('exports', [join(root, 'scripts', 'smoke.mjs')]),
  await check('sizes', [join(root, 'scripts', 'sizes.mjs')], { show: true }),
  await check('docs', [tools.typedoc]),
  ...(await testRuns()),
];

console.log('');
for (const [index, line] of table(tallies).entries()) {
  const failed = index > 0 && tallies[index - 1].failed > 0;
  console.log(failed ? paint(31, line) : line);
}
for (const { label, skips } of tallies) {
  for (const skip of skips) console.log(paint(33, `skipped in ${label}: ${skip}`));
}
for (const { label, failures } of tallies) {
  for (const failure of failures) console.log(paint(31, `failed in ${label}: ${failure}`));
}
const total = sum(tallies);
console.log('');
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;

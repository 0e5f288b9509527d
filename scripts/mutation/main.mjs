/**
 * Tests the tests: changes one thing at a time in the files that decide what the bytes of others do, and
 * counts the changes that a test notices. Run it with `npm run mutation`; arguments name packages of
 * `packages.mjs`, or files of theirs.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { sampleMutants } from './mutators.mjs';
import { packages } from './packages.mjs';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '2' },
    // What runs when a module is loaded, constants above all, is judged by all tests.
    'no-static': { type: 'boolean', default: false },
    // Share of the mutants to judge, chosen by chance; all by default.
    sample: { type: 'string', default: '1' },
  },
});

const share = Number(values.sample);
if (!(share > 0 && share <= 1)) throw new Error(`--sample: found ${values.sample}, expected 0..1`);
if (share < 1) sampleMutants(share);

/** What to mutate, by package: the files that arguments name, or all of a package. */
function groupByPackage(names) {
  const groups = new Map();
  for (const name of names) {
    const owner = name.replace(/^(?:\.\/)?packages\//, '').split('/')[0];
    if (!Object.hasOwn(packages, owner)) {
      throw new Error(`${name}: not in ${Object.keys(packages).join(', ')}`);
    }
    const files = name === owner ? packages[owner].mutate : [name];
    groups.set(owner, [...(groups.get(owner) ?? []), ...files]);
  }
  return groups;
}

/** Whether the mutants of files of a package are noticed as often as they must be. */
async function isNoticed(name, mutate) {
  const { least, tests } = packages[name];
  const mutants = await new Stryker({
    mutate,
    ignorePatterns: ['dist', 'site', 'examples', 'bench', 'reports', '.runtimes', '.turbo'],
    plugins: ['./scripts/mutation/plugin.mjs'],
    ignorers: ['text'],
    testRunner: 'vitest-by-file',
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', dir: tests, related: false },
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    ignoreStatic: values['no-static'],
    disableTypeChecks: false,
    reporters: ['progress-append-only', 'survivors', 'clear-text', 'html', 'json'],
    clearTextReporter: { allowColor: false, reportMutants: false, reportTests: false },
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
    // Added to one and a half of the time that the tests took: what a busy machine needs, too.
    timeoutMS: 10_000,
    thresholds: { high: 100, low: least, break: null },
    tempDirName: '.stryker-tmp',
    cleanTempDir: 'always',
    allowConsoleColors: false,
  }).runMutationTest();
  const counted = mutants.filter(({ status }) => status !== 'Ignored');
  const noticed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout');
  const score = (100 * noticed.length) / counted.length;
  console.log(`${name}: ${noticed.length} of ${counted.length} noticed, ${score.toFixed(1)} %`);
  return score >= least;
}

const groups = groupByPackage(positionals.length > 0 ? positionals : Object.keys(packages));
for (const [name, mutate] of groups) {
  if (!(await isNoticed(name, mutate))) process.exitCode = 1;
}

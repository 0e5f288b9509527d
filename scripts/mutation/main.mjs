/**
 * Tests the tests: changes one thing at a time in the files that decide what the bytes of others do, and
 * counts the changes that a test notices. Run it with `npm run mutation`; arguments name packages of
 * `packages.mjs`, or files of theirs.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { packages } from './packages.mjs';
import './mutators.mjs';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '2' } },
});

/** The package and the files of it that an argument names. */
function targetOf(argument) {
  const name = argument.replace(/^(?:\.\/)?packages\//, '').split('/')[0];
  if (!Object.hasOwn(packages, name)) {
    throw new Error(`${argument}: not in ${Object.keys(packages).join(', ')}`);
  }
  return argument === name ? { name } : { name, mutate: [argument] };
}

/** Whether the mutants of a package, or of some of its files, are noticed as often as they must be. */
async function isNoticed({ name, mutate = packages[name].mutate }) {
  const { least, tests } = packages[name];
  const mutants = await new Stryker({
    mutate,
    ignorePatterns: ['dist', 'docs', 'examples', 'bench', 'reports', '.runtimes', '.turbo'],
    plugins: ['./scripts/mutation/plugin.mjs'],
    ignorers: ['text'],
    testRunner: 'vitest-by-file',
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', dir: tests, related: false },
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    checkers: [],
    disableTypeChecks: false,
    reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
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

const targets = positionals.length > 0 ? positionals : Object.keys(packages);
for (const target of targets.map(targetOf)) {
  if (!(await isNoticed(target))) process.exitCode = 1;
}

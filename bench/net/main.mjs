/*
 * Throughput and latency of the daemons and of other tunnels on this computer, in network namespaces. Run
 * it with `npm run bench:net`; `--help` shows its options.
 */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { allCandidates } from './candidates/candidates.mjs';
import { Lab } from './lab.mjs';
import { flows } from './measurements/flows.mjs';
import { footprint } from './measurements/footprint.mjs';
import { path } from './measurements/path.mjs';
import { relay } from './measurements/relay.mjs';
import { readOptions, USAGE } from './options.mjs';
import { writeDocuments } from './report/documents.mjs';
import { describeMachine } from './report/machine.mjs';
import { comparisonText, reportText, verdictText } from './report/text.mjs';
import { missingRequirement } from './requirements.mjs';
import { Results } from './results.mjs';
import { Revision } from './revision.mjs';
import { summarise } from './statistics.mjs';
import { judge } from './targets.mjs';
import { undisturbed } from './undisturbed.mjs';

const MEASUREMENTS = [relay, path, flows, footprint];

/** Candidates in the order of a round: each round begins with another one. */
const inTurn = (candidates, round) =>
  candidates.map((_, index) => candidates.at((index + round) % candidates.length));

function choose(wanted, revision) {
  return allCandidates(revision).filter(({ id, title, missing }) => {
    const isWanted = wanted.length === 0 || wanted.some((word) => `${id} ${title}`.includes(word));
    if (isWanted && missing !== null) console.log(`skipped: ${title}: ${missing}`);
    return isWanted && missing === null;
  });
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** The disturbance of the measurements by a hypervisor. */
function describeStolen(shares) {
  if (shares.length === 0) return 'unknown';
  const { median, most } = summarise(shares);
  return `${percent(median)} of a measurement, ${percent(most)} at most`;
}

/** The arguments without those for the place of samples. */
function repetition(args) {
  const at = args.indexOf('--json');
  return at < 0 ? args : args.toSpliced(at, 2);
}

/** Measures all candidates in turn, round after round. @returns the failures, and the share of time stolen */
async function measureAll(lab, candidates, options, results) {
  const failures = [];
  const stolen = [];
  const measurements = MEASUREMENTS.filter(({ id }) => options.measurements.includes(id));
  for (let round = 0; round < options.rounds; round++) {
    for (const measurement of measurements) {
      for (const candidate of inTurn(candidates.filter(measurement.applies), round)) {
        const start = performance.now();
        const what = `round ${round + 1}, ${measurement.id}: ${candidate.title}`;
        try {
          const measure = () => measurement.measure(lab, candidate, options);
          const best = await undisturbed(measure, !options.short);
          const { disturbed } = best;
          results.add(measurement.id, candidate.id, best.samples, { round, disturbed });
          stolen.push(best.stolen);
          const seconds = ((performance.now() - start) / 1000).toFixed(1);
          const others = `others ${percent(best.load)}, stolen ${percent(best.stolen)}`;
          console.log(`${what}  ${seconds} s, ${others}${disturbed ? ', DISTURBED' : ''}`);
        } catch (error) {
          failures.push(`${what}: ${error.message}`);
          console.error(failures.at(-1));
        }
      }
    }
  }
  return { failures, stolen };
}

async function main(options) {
  const machine = describeMachine();
  const revision = options.against === null ? null : new Revision(options.against);
  const candidates = choose(options.candidates, revision);
  const results = new Results();
  let outcome;
  try {
    const lab = new Lab();
    try {
      outcome = await measureAll(lab, candidates, options, results);
    } finally {
      lab.dispose();
    }
  } finally {
    revision?.dispose();
  }
  const { failures, stolen } = outcome;
  const verdicts = judge(results, revision);
  console.log(`\n${reportText(candidates, results)}\n\n${verdictText(verdicts)}`);
  if (revision !== null) console.log(`\n${comparisonText(candidates, results, revision)}`);
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  if (options.docs !== null) {
    const command = ['npm run bench:net --', ...repetition(process.argv.slice(2))].join(' ');
    machine.push(['CPU time stolen by others', describeStolen(stolen)]);
    writeDocuments(options.docs, { candidates, results, verdicts, machine, command });
  }
  for (const failure of failures) console.error(`failed: ${failure}`);
  return failures.length === 0 && candidates.length > 0 ? 0 : 1;
}

try {
  const options = readOptions(process.argv.slice(2));
  const missing = missingRequirement();
  if (options.help) {
    console.log(USAGE);
  } else if (missing !== null) {
    console.error(`bench:net: ${missing}`);
    process.exitCode = 1;
  } else {
    process.exitCode = await main(options);
  }
} catch (error) {
  console.error(`bench:net: ${error instanceof TypeError ? error.message : error.stack}`);
  process.exitCode = 1;
}
